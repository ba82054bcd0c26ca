using Microsoft.Extensions.DependencyInjection;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Xunit;

namespace Saltern.Server.Tests.Model;

/// <summary>
/// One generated sequence, run against the server's slices and the model; after each step both must agree.
/// </summary>
internal sealed class ModelRun(TestDatabase database, int seed)
{
    private const int Minions = 9;
    private const int MostInFlight = 7;
    private static readonly TimeSpan ExpiresAfter = TimeSpan.FromMinutes(90);

    private readonly Random random = new(seed);
    private readonly TestClock clock = new();
    private readonly FleetModel model = new(MostInFlight);
    private readonly List<string> steps = [];
    private CoreRig rig = null!;

    public async Task RunAsync(int length)
    {
        await RestartAsync();
        await rig.AddMinionsAsync(Minions);
        for (var step = 0; step < length; step++)
        {
            await StepAsync();
            await CompareAsync();
        }

        await rig.DisposeAsync();
    }

    private Task StepAsync() => random.Next(12) switch
    {
        0 or 1 => ScheduleAsync(),
        2 or 3 or 4 => DispatchAsync(),
        5 or 6 or 7 => ReturnAsync(),
        8 => CancelAsync(),
        9 => RescheduleAsync(),
        10 => PassTimeAsync(),
        _ => RestartAsync(),
    };

    private async Task ScheduleAsync()
    {
        var exclusive = random.Next(2) == 0;
        int? batch = random.Next(3) == 0 ? random.Next(1, 4) : null;
        var chosen = Enumerable.Range(1, Minions).Where(_ => random.Next(3) > 0).DefaultIfEmpty(1).ToList();
        var now = clock.GetUtcNow();
        var earliest = now.AddMinutes(random.Next(3) == 0 ? random.Next(1, 30) : 0);
        steps.Add($"schedule exclusive={exclusive} batch={batch} at={earliest:t} on {string.Join(',', chosen)}");
        var id = await rig.ScheduleAsync(
            exclusive ? "state.apply" : "ping", "{}",
            new TargetSelection { Minions = [.. chosen.Select(minion => $"m{minion}")] },
            order => order with
            {
                BatchSize = batch, EarliestAt = earliest, ExpiresAt = earliest + ExpiresAfter, DeadlineSeconds = 600,
                GiveUpAfterSeconds = 1, MaxAttempts = 1,
            });
        var action = new ModelAction
        {
            Id = id.Value, Exclusive = exclusive, BatchSize = batch, EarliestAt = earliest,
            ExpiresAt = earliest + ExpiresAfter, Deadline = TimeSpan.FromMinutes(10),
        };
        foreach (var minion in chosen)
        {
            action.Targets[minion] = new ModelTarget();
        }

        model.Actions.Add(action);
    }

    private async Task DispatchAsync()
    {
        steps.Add("dispatch");
        var before = rig.Salt[0].Submissions.Count;
        var plan = model.PlanDispatch(clock.GetUtcNow());
        while (await rig.DispatchAsync() > 0)
        {
            // A pass claims a few submissions; the next one goes on.
        }

        foreach (var sent in rig.Salt[0].Submissions.Skip(before))
        {
            var minions = sent.Minions.Select(minion => int.Parse(minion[1..])).ToList();
            var id = await database.ScalarAsync<long>("select action_id from submission where jid = $1", sent.Jid);
            Assert.True(minions.Count <= 3, Story("a submission is too long"));
            Assert.True(minions.TrueForAll(plan[id].Remove), Story($"action {id} went to {string.Join(',', minions)}"));
            model.Submitted(model.Actions.Single(action => action.Id == id), sent.Jid, minions, clock.GetUtcNow());
        }

        Assert.True(plan.Values.All(left => left.Count == 0), Story("not everything that was ready went out"));
    }

    private async Task ReturnAsync()
    {
        for (var returns = random.Next(1, 6); returns > 0 && model.Attempts.Count > 0; returns--)
        {
            var (jid, minion) = model.Attempts.ElementAt(random.Next(model.Attempts.Count));
            var success = random.Next(4) > 0;
            steps.Add($"return of m{minion} for {jid}: {success}");
            await rig.ReturnAsync(jid, $"m{minion}", success ? "true" : "\"no\"", success ? 0 : 1);
            model.Return(jid, minion, success);
        }

        await rig.SettleAsync();
    }

    private async Task CancelAsync()
    {
        if (Pick() is { } action)
        {
            steps.Add($"cancel {action.Id}");
            await rig.Get<Cancelling>().CancelAsync(new ActionId(action.Id), null, "model", CancellationToken.None);
            FleetModel.Cancel(action);
        }
    }

    private async Task RescheduleAsync()
    {
        if (Pick() is { } action)
        {
            var all = random.Next(2) == 0;
            steps.Add($"reschedule {action.Id} all={all}");
            var now = clock.GetUtcNow();
            var outcome = await rig.Get<Rescheduling>().RescheduleAsync(
                new ActionId(action.Id), all ? RescheduleScope.All : RescheduleScope.Failed, null, "model",
                CancellationToken.None);
            Assert.Equal(
                FleetModel.Reschedule(action, all, now, now + TimeSpan.FromHours(24)), outcome is OrderOutcome.Done);
        }
    }

    private async Task PassTimeAsync()
    {
        var minutes = random.Next(1, 45);
        steps.Add($"{minutes} minutes pass");
        clock.Advance(TimeSpan.FromMinutes(minutes));
        // Watched, asked in vain, given up: the model knows the end of it.
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(1));
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        model.PassDeadlines(clock.GetUtcNow());
    }

    private async Task RestartAsync()
    {
        steps.Add("restart");
        if (rig is not null)
        {
            await rig.DisposeAsync();
        }

        rig = await CoreRig.StartAsync(
            database, 1, services => services.AddSingleton<TimeProvider>(clock),
            ("MaxInFlight", $"{MostInFlight}"), ("MaxNamesPerSubmission", "3"));
    }

    private ModelAction? Pick() =>
        model.Actions.Count == 0 ? null : model.Actions[random.Next(model.Actions.Count)];

    private async Task CompareAsync()
    {
        var inFlight = 0;
        foreach (var action in model.Actions)
        {
            var statuses = await rig.StatusesAsync(new ActionId(action.Id));
            var expected = action.Targets.ToDictionary(pair => $"m{pair.Key}", pair => pair.Value.Status);
            Assert.True(
                statuses.Count == expected.Count && expected.All(pair => statuses[pair.Key] == pair.Value),
                Story($"action {action.Id}: expected {Show(expected)}, found {Show(statuses)}"));
            inFlight += (await rig.ReadAsync(new ActionId(action.Id))).Counts.PickedUp;
        }

        Assert.True(inFlight <= MostInFlight, Story($"{inFlight} in flight"));
    }

    private static string Show(Dictionary<string, string> statuses) =>
        string.Join(' ', statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}={pair.Value}"));

    private string Story(string problem) => $"seed {seed}, {problem}\n{string.Join('\n', steps)}";
}
