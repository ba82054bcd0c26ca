using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>
/// Generated sequences of orders, runs that end in every way, lost and late returns, minions that connect anew,
/// cancels, reschedules and time. At rest a minion has the new channels if and only if a real run succeeded or changed
/// a package since it had those of before; nothing is held, and no dry run has left a trace.
/// </summary>
public sealed class MigrationSequencesTests(PostgresServer server) : MigrationGround(server, minions: 3)
{
    private const int Steps = 40;

    /// <summary>What really happened on a minion under a run id, decided when the call first arrives there.</summary>
    private readonly Dictionary<(string Minion, string RunId), (string Outcome, bool Changed)> truth = [];

    /// <summary>Minions whose packages are those of the target, as far as real runs changed them.</summary>
    private readonly HashSet<string> changed = [];

    private readonly HashSet<string> handled = [];
    private readonly List<ActionId> orders = [];
    private readonly List<(ScriptedSalt.Sent Sent, string Minion)> lost = [];
    private Random random = new(0);
    private bool healed;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task At_rest_a_minion_has_the_new_channels_if_and_only_if_its_packages_changed(int seed)
    {
        random = new Random(seed);
        for (var step = 0; step < Steps; step++)
        {
            await StepAsync();
        }

        healed = true;
        for (var round = 0; round < 40 && await UnrestAsync() > 0; round++)
        {
            await AnswerAsync();
            await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
            await rig.Get<Expiry>().RunOnceAsync(CancellationToken.None);
            await TurnAsync();
            rig.Clock.Advance(TimeSpan.FromHours(2));
        }

        Assert.Equal(0, await UnrestAsync());
        Assert.Equal(0, await HeldAsync());
        foreach (var minion in (string[])["m1", "m2", "m3"])
        {
            Assert.Equal((minion, changed.Contains(minion) ? After : Before), (minion, await ChannelsAsync(minion)));
        }
    }

    private async Task StepAsync()
    {
        switch (random.Next(11))
        {
            case 10:
                await StartsAsync($"m{random.Next(1, 4)}");
                break;
            case 0:
                orders.Add(await OrderAsync(
                    random.Next(2) == 0 ? "" : """, "dryRun": false, "rebootAfter": true""", $"m{random.Next(1, 4)}"));
                break;
            case 1 when orders.Count > 0:
                await rig.Get<Cancelling>().CancelAsync(
                    orders[random.Next(orders.Count)], null, "ann", CancellationToken.None);
                break;
            case 2 when orders.Count > 0:
                await rig.Get<Rescheduling>().RescheduleAsync(
                    orders[random.Next(orders.Count)], RescheduleScope.All, null, "ann", CancellationToken.None);
                break;
            case 3:
                rig.Clock.Advance(TimeSpan.FromMinutes(random.Next(1, 400)));
                await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
                break;
            case 4 when lost.Count > 0:
                await ReturnAsync(lost[0].Sent, lost[0].Minion);
                lost.RemoveAt(0);
                break;
            case < 7:
                await TurnAsync();
                break;
            default:
                await AnswerAsync();
                break;
        }
    }

    /// <summary>Minions do what they were sent; some of what they return is lost, late, or garbled.</summary>
    private async Task AnswerAsync()
    {
        foreach (var sent in Salt.Submissions.Where(one => handled.Add(one.Jid)).ToList())
        {
            foreach (var minion in sent.Minions)
            {
                Run(sent, minion);
                switch (healed ? 9 : random.Next(10))
                {
                    case 0:
                        lost.Add((sent, minion));
                        break;
                    case 1 when sent.Function == "state.apply":
                        await rig.ReturnAsync(sent.Jid, minion, "\"an exception occurred\"", 1, sent.Function);
                        break;
                    default:
                        await ReturnAsync(sent, minion);
                        break;
                }
            }
        }
    }

    private void Run(ScriptedSalt.Sent sent, string minion)
    {
        if (!IsMigration(sent) || truth.ContainsKey((minion, $"{PillarOf(sent)["run_id"]}")))
        {
            return;
        }

        var dry = PillarOf(sent)["dry_run"]!.GetValue<bool>();
        (string, bool) outcome = random.Next(4) switch
        {
            0 => ("succeeded", !dry),
            1 => ("nothing_to_do", false),
            2 => ("failed", !dry),
            _ => ("failed", false),
        };
        truth.Add((minion, $"{PillarOf(sent)["run_id"]}"), outcome);
        if (!dry && (outcome.Item2 || outcome.Item1 == "nothing_to_do"))
        {
            changed.Add(minion);
        }
    }

    private Task ReturnAsync(ScriptedSalt.Sent sent, string minion)
    {
        if (IsMigration(sent))
        {
            var (outcome, didChange) = truth[(minion, $"{PillarOf(sent)["run_id"]}")];
            return RunEndsAsync(sent, minion, outcome, didChange);
        }

        return sent.Function switch
        {
            "saltern_zypper.run_result" => RecordOfAsync(sent, minion, $"{sent.Call.Kwargs["run_id"]}"),
            "state.apply" => rig.ReturnAsync(
                sent.Jid, minion,
                """{"a_|-b_|-c_|-d": {"name": "x", "changes": {}, "result": true, "comment": "as they should be"}}""",
                0, sent.Function),
            "file.read" => rig.ReturnAsync(
                sent.Jid, minion, $"\"{new Guid(random.Next(), 1, 2, new byte[8])}\"", 0, sent.Function),
            "saltutil.find_job" => rig.ReturnAsync(sent.Jid, minion, "{}", 0, sent.Function),
            "pkg.list_products" or "pkg.list_repos" => rig.ReturnAsync(
                sent.Jid, minion, "\"refused\"", 1, sent.Function),
            _ => rig.ReturnAsync(sent.Jid, minion, "null", 0, sent.Function),
        };
    }

    private Task RecordOfAsync(ScriptedSalt.Sent sent, string minion, string runId) =>
        truth.TryGetValue((minion, runId), out var outcome)
            ? RecordIsAsync(sent, minion, runId, outcome.Outcome, outcome.Changed)
            : RecordIsAsync(sent, minion, runId, "not_begun", null);

    private static bool IsMigration(ScriptedSalt.Sent sent) =>
        sent.Function == "state.apply" && $"{sent.Call.Args[0]}" == "saltern.distupgrade";

    private Task<long> UnrestAsync() => database.ScalarAsync<long>("""
        select (select count(*) from channel_change where state in ('Open', 'Unknown', 'Reverting'))
             + (select count(*) from action_target where status in ('Queued', 'PickedUp'))
             + (select count(*) from inbox)
             + (select count(*) from migration_check where state in ('Restart', 'Restarting', 'Read', 'Reading'))
        """);
}
