using System.Text.Json;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Tests.Rig;

namespace Saltern.Server.Tests.Dispatch;

/// <summary>
/// The line of each minion, where many exclusive actions are queued for many minions: who is next, and that finding
/// out costs what can be claimed and not what is queued.
/// </summary>
public sealed class DueLookTests(PostgresServer server)
    : CoreGround(server, DueLookTests.Minions, ("MaxInFlight", "20"))
{
    private const int Minions = 400;

    [Fact]
    public async Task Looking_for_what_is_due_does_not_cost_more_when_more_is_queued()
    {
        await ScheduleAsync(actions: 2);
        var two = await PagesAsync(byMinion: false);
        await ScheduleAsync(actions: 28);
        var thirty = await PagesAsync(byMinion: false);

        Assert.True(thirty < two + 300, $"{two} pages with 2 actions in line, {thirty} with 30");
    }

    [Fact]
    public async Task Asking_the_minions_costs_the_same_however_long_their_lines_are()
    {
        await ScheduleAsync(actions: 2, batchSize: 1);
        var two = await PagesAsync(byMinion: true);
        await ScheduleAsync(actions: 28);
        var thirty = await PagesAsync(byMinion: true);

        Assert.True(thirty < two * 2, $"{two} pages with 2 actions in line, {thirty} with 30");
    }

    [Fact]
    public async Task Behind_an_action_that_its_batch_holds_back_others_go_to_the_minions_it_leaves_free()
    {
        var first = await rig.ScheduleAsync(
            "state.apply", target: new TargetSelection { Glob = "m[1-3]*" },
            change: order => order with { BatchSize = 1 });
        var second = await rig.ScheduleAsync("state.apply");
        var third = await rig.ScheduleAsync("state.apply");
        var ping = await rig.ScheduleAsync();

        await rig.DispatchAsync();

        Assert.Equal(["m1"], await PickedUpAsync(first));
        var picked = await PickedUpAsync(second);
        Assert.Equal(19, picked.Count);
        Assert.DoesNotContain(picked, minion => minion[1] is '1' or '2' or '3');
        Assert.Empty(await PickedUpAsync(third));
        Assert.Empty(await PickedUpAsync(ping));
    }

    [Fact]
    public async Task Many_actions_in_line_for_few_minions_each_go_in_their_turn_and_others_are_served_meanwhile()
    {
        var few = new TargetSelection { Minions = ["m1", "m2"] };
        var line = new List<ActionId>();
        for (var place = 0; place < 30; place++)
        {
            line.Add(await rig.ScheduleAsync("state.apply", target: few));
        }

        var other = await rig.ScheduleAsync("state.apply", target: new TargetSelection { Minions = ["m9"] });
        await rig.DispatchAsync();
        Assert.Equal(["m9"], await PickedUpAsync(other));
        foreach (var next in line)
        {
            Assert.Equal(["m1", "m2"], await PickedUpAsync(next));
            await ReturnAllAsync(next);
            await rig.DispatchAsync();
        }
    }

    [Theory]
    [InlineData("update action_target set not_before = $1 where action_id = $2")]
    [InlineData("update action set expires_at = $1::timestamptz - interval '2 h' where id = $2")]
    [InlineData("update action set cancelled_at = $1 where id = $2")]
    public async Task What_is_held_back_expired_or_cancelled_lets_later_ones_pass(string held)
    {
        var first = await rig.ScheduleAsync("state.apply");
        var second = await rig.ScheduleAsync("state.apply");
        await database.ExecuteAsync(held, rig.Clock.GetUtcNow().AddHours(1), first.Value);

        await rig.Dispatcher.ServeAsync(Master, CancellationToken.None);

        Assert.Empty(await PickedUpAsync(first));
        Assert.Equal(20, (await PickedUpAsync(second)).Count);
    }

    [Fact]
    public async Task A_rescheduled_action_stands_in_line_by_its_new_time()
    {
        var one = new TargetSelection { Minions = ["m1"] };
        var first = await rig.ScheduleAsync("state.apply", target: one);
        await rig.DispatchAsync();
        await ReturnAllAsync(first);
        var second = await rig.ScheduleAsync(
            "state.apply", target: one, change: order => order with { EarliestAt = rig.Clock.GetUtcNow().AddHours(1) });
        await rig.Get<Rescheduling>().RescheduleAsync(
            first, RescheduleScope.All, rig.Clock.GetUtcNow().AddHours(2), "ann", CancellationToken.None);

        rig.Clock.Advance(TimeSpan.FromHours(3));
        await rig.DispatchAsync();

        Assert.Empty(await PickedUpAsync(first));
        Assert.Equal(["m1"], await PickedUpAsync(second));
    }

    private Server.Salt.SaltMasterOptions Master => rig.Get<Server.Salt.SaltMasters>().Options[0];

    private async Task ScheduleAsync(int actions, int? batchSize = null)
    {
        for (var i = 0; i < actions; i++)
        {
            await rig.ScheduleAsync("state.apply", change: order => order with { BatchSize = batchSize });
        }

        await database.ExecuteAsync("analyze");
    }

    private async Task ReturnAllAsync(ActionId action)
    {
        foreach (var sent in rig.Salt[0].Submissions)
        {
            foreach (var minion in await PickedUpAsync(action))
            {
                await rig.ReturnAsync(sent.Jid, minion, "{}", function: "state.apply");
            }
        }

        await rig.SettleAsync();
    }

    private async Task<IReadOnlyList<string>> PickedUpAsync(ActionId action) =>
    [
        .. (await rig.StatusesAsync(action)).Where(one => one.Value == "PickedUp").Select(one => one.Key).Order(),
    ];

    /// <summary>Pages that the look reads: what it costs, whatever else this machine does.</summary>
    private async Task<int> PagesAsync(bool byMinion)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var command = Statement.Of(
            connection, $"explain (analyze, buffers, format json) {DueLook.DueSql}",
            1, rig.Clock.GetUtcNow(), TimeSpan.FromMinutes(2), 20, 200, 40, byMinion,
            rig.Get<ActionKinds>().Names.ToArray(), DateTimeOffset.MinValue, 0L);
        var plan = JsonElement.Parse((string)(await command.ExecuteScalarAsync())!)[0].GetProperty("Plan");
        return plan.GetProperty("Shared Hit Blocks").GetInt32() + plan.GetProperty("Shared Read Blocks").GetInt32();
    }
}
