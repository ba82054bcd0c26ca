using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Saltern.Server.Results;
using Saltern.Server.Tests.Rig;

namespace Saltern.Server.Tests.Dispatch;

/// <summary>
/// Nodes of several versions on one database: an action of a kind that only a newer one knows is left to that one.
/// </summary>
public sealed class UnknownKindTests(PostgresServer server) : CoreGround(server)
{
    [Fact]
    public async Task An_action_of_an_unknown_kind_is_not_claimed_and_others_go_on()
    {
        var unknown = await rig.ScheduleAsync();
        await MakeUnknownAsync(unknown);
        var ping = await rig.ScheduleAsync();

        await rig.DispatchAsync();

        Assert.All((await rig.StatusesAsync(unknown)).Values, status => Assert.Equal("Queued", status));
        Assert.All((await rig.StatusesAsync(ping)).Values, status => Assert.Equal("PickedUp", status));
    }

    [Fact]
    public async Task An_exclusive_action_of_an_unknown_kind_keeps_its_place_in_the_line()
    {
        var unknown = await rig.ScheduleAsync("state.apply");
        await MakeUnknownAsync(unknown);
        var later = await rig.ScheduleAsync("state.apply");

        await rig.DispatchAsync();

        Assert.All((await rig.StatusesAsync(later)).Values, status => Assert.Equal("Queued", status));
    }

    [Fact]
    public async Task An_unknown_kind_that_asks_first_is_not_asked_for()
    {
        await MakeUnknownAsync(await rig.ScheduleAsync("system.reboot"));
        await rig.DispatchAsync();
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ask"));

        await database.ExecuteAsync("""
            insert into ask (action_id, minion_key, purpose, due_at)
            select action_id, minion_key, 'Kind', '2000-01-01' from action_target
            """);
        await rig.DispatchAsync();

        Assert.Empty(rig.Salt[0].Submissions);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_submission_of_an_unknown_kind_is_not_taken_over(int sends)
    {
        var action = await rig.ScheduleAsync();
        await rig.Get<Claiming>().ClaimAsync(Master(), Settings, CancellationToken.None);
        await MakeUnknownAsync(action);
        await database.ExecuteAsync(
            """
            update submission set owner = 'a newer node', lease_until = now() - interval '1 min', sends = $1,
                first_sent_at = case when $1 > 0 then now() - interval '50 s' end
            """,
            sends);

        await rig.DispatchAsync();

        Assert.Empty(rig.Salt[0].Submissions);
        Assert.Equal("a newer node", await database.ScalarAsync<string>("select owner from submission"));
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from submission where outcome is null"));
    }

    [Fact]
    public async Task What_returns_for_an_unknown_kind_waits_for_a_node_that_knows_it_and_holds_up_no_other()
    {
        await using var narrow = await CoreRig.StartAsync(database, settings: ("Results:BatchSize", "1"));
        var unknown = await rig.ScheduleAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""");
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1", "7");
        var ping = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1");
        await MakeUnknownAsync(unknown);

        Assert.Equal(1, await narrow.SettleAsync());

        Assert.Equal("Completed", (await rig.StatusesAsync(ping))["m1"]);
        Assert.Equal("PickedUp", (await rig.StatusesAsync(unknown))["m1"]);
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from inbox"));
    }

    [Fact]
    public async Task A_late_return_of_an_unknown_kind_holds_up_no_other_and_is_settled_by_who_knows_it()
    {
        await using var narrow = await CoreRig.StartAsync(database, settings: ("Results:BatchSize", "1"));
        var unknown = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        var jid = rig.Salt[0].Submissions.Last().Jid;
        rig.Clock.Advance(TimeSpan.FromDays(1));
        await rig.GiveUpAsync();
        await rig.ReturnAsync(jid, "m1");
        var ping = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1");
        await MakeUnknownAsync(unknown);

        Assert.Equal(1, await narrow.SettleAsync());
        Assert.Equal("Completed", (await rig.StatusesAsync(ping))["m1"]);

        // What a node of the newer version does, played by one that knows both names.
        await database.ExecuteAsync("update action set kind = 'ping'; update inbox set held_for = 'ping'");
        await narrow.SettleAsync();
        Assert.Equal("Completed", (await rig.StatusesAsync(unknown))["m1"]);
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from inbox"));
    }

    [Fact]
    public async Task An_action_of_an_unknown_kind_can_be_cancelled_but_not_rescheduled()
    {
        var action = await rig.ScheduleAsync();
        await MakeUnknownAsync(action);
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);

        var outcome = await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.All, null, "ann", CancellationToken.None);

        Assert.Contains("does not know", Assert.IsType<OrderOutcome.Refused>(outcome).Reason);
        Assert.Equal("Cancelled", (await rig.ReadAsync(action)).Status);
    }

    private Server.Salt.SaltMasterOptions Settings => rig.Get<Server.Salt.SaltMasters>().Options[0];

    private static MasterState Master() => new(1, "master1", false, true, null, false, TimeSpan.FromSeconds(15));

    private Task MakeUnknownAsync(ActionId action) =>
        database.ExecuteAsync("update action set kind = 'new.kind' where id = $1", action.Value);
}
