using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Tests.Rig;
using Xunit;

namespace Saltern.Server.Tests.Results;

public sealed class SettlerTests(PostgresServer server) : CoreGround(server, minions: 3)
{
    [Fact]
    public async Task Returns_settle_their_targets_and_the_action_ends_with_the_last()
    {
        var (action, jid) = await PickUpAsync();
        await rig.ReturnAsync(jid, "m1");
        await rig.ReturnAsync(jid, "m2", retcode: 1, returned: "\"no\"");
        Assert.Equal(2, await rig.SettleAsync());
        Assert.Equal("Running", (await rig.ReadAsync(action)).Status);

        await rig.ReturnAsync(jid, "m3");
        await rig.SettleAsync();

        var (status, counts) = await rig.ReadAsync(action);
        Assert.Equal(("Failed", 2, 1), (status, counts.Completed, counts.Failed));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from inbox"));
        Assert.Equal(0, await database.ScalarAsync<int>("select outstanding from submission"));
    }

    [Fact]
    public async Task A_return_that_comes_twice_counts_once_and_is_marked()
    {
        var (action, jid) = await PickUpAsync();
        await rig.ReturnAsync(jid, "m1");
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();
        await rig.ReturnAsync(jid, "m1", retcode: 1);
        await rig.SettleAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal(1, (await rig.ReadAsync(action)).Counts.Completed);
        Assert.Equal(2, await database.ScalarAsync<int>("select max(repeats) from attempt"));
    }

    [Fact]
    public async Task A_return_of_no_attempt_of_ours_settles_nothing_and_is_taken_away()
    {
        var (action, jid) = await PickUpAsync();
        await rig.ReturnAsync("20260302080000999999_s1", "m1");
        await rig.ReturnAsync(jid, "stranger");

        var settled = await rig.Settler.RunOnceAsync(CancellationToken.None);

        Assert.Equal((2, 0, 2), (settled.Drained, settled.Targets, settled.Unmatched));
        Assert.Equal(3, (await rig.ReadAsync(action)).Counts.PickedUp);
    }

    [Fact]
    public async Task A_busy_minion_is_queued_again_and_its_action_goes_out_later()
    {
        var (action, jid) = await PickUpAsync("state.apply");
        await rig.ReturnAsync(
            jid, "m1",
            """["The function \"state.apply\" is running as PID 18995 and was started at 2026, Nov 22"]""",
            1, "state.apply");
        await rig.SettleAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);

        await rig.DispatchAsync();
        Assert.Single(rig.Salt[0].Submissions);
        rig.Clock.Advance(TimeSpan.FromSeconds(31));
        await rig.DispatchAsync();

        Assert.Equal(["m1"], rig.Salt[0].Submissions.Last().Minions);
        Assert.Equal("Busy", await database.ScalarAsync<string>(
            "select status from attempt where number = 1 and ended_at is not null"));
    }

    [Fact]
    public async Task A_minion_that_was_busy_when_its_action_was_cancelled_does_not_run_it_later()
    {
        var (action, jid) = await PickUpAsync("state.apply");
        await rig.Get<Cancelling>().CancelAsync(action, null, "tester", CancellationToken.None);
        await rig.ReturnAsync(
            jid, "m1", """["The function \"state.apply\" is running as PID 1"]""", 1, "state.apply");
        await rig.SettleAsync();

        Assert.Equal("Cancelled", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_body_that_nobody_can_read_fails_its_own_target_and_no_other()
    {
        var (action, jid) = await PickUpAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""");
        await database.ExecuteAsync(
            """
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
            values ('cmd.exec_code_all', $1, '7', 'm1', 'true', '"not an object"', $2)
            """,
            jid, rig.Clock.GetUtcNow());
        await rig.ReturnAsync(
            jid, "m2", """{"pid":1,"retcode":0,"stdout":"x","stderr":""}""", 0, "cmd.exec_code_all");
        await rig.SettleAsync();

        var statuses = await rig.StatusesAsync(action);
        Assert.Equal(("Failed", "Completed"), (statuses["m1"], statuses["m2"]));
        Assert.Contains("could not be read", await ReasonAsync("m1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_ran_into_its_time_out_has_failed_although_its_return_code_is_0()
    {
        var (action, jid) = await PickUpAsync("script.run", """{"script":"#!/bin/sh\nsleep 9\n","timeoutSeconds":2}""");
        await rig.ReturnAsync(
            jid, "m1",
            """{"stdout":"['/bin/bash', '/tmp/__salt.tmp.8kc2mg6d'] : """
            + """Timed out after 2 seconds","stderr":"","retcode":1,"pid":8606}""",
            0, "cmd.exec_code_all");
        await rig.SettleAsync();

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_body_too_large_to_read_is_judged_by_its_return_code_and_says_so()
    {
        await using var small = await CoreRig.StartAsync(database, settings: ("Results:LargestReadBodyBytes", "2000"));
        var action = await small.ScheduleAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""");
        await small.DispatchAsync();
        var jid = small.Salt[0].Submissions.Last().Jid;
        await small.ReturnAsync(
            jid, "m1", $$"""{"pid":1,"retcode":0,"stdout":"{{new string('x', 5_000)}}","stderr":""}""");
        await small.SettleAsync();

        Assert.Equal("Completed", (await small.StatusesAsync(action))["m1"]);
        Assert.Contains("too large to read", await ReasonAsync("m1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_refresh_brings_the_fleet_learns()
    {
        var (_, jid) = await PickUpAsync("hardware.refresh");
        await rig.ReturnAsync(
            jid, "m1", """{"os":"SLES","osrelease":"15.5","os_family":"Suse","ipv4":["127.0.0.1","10.0.0.7"]}""", 0,
            "grains.items");
        await rig.SettleAsync();

        Assert.Equal("SLES", await database.ScalarAsync<string>("select os from minion where minion_id = 'm1'"));
    }

    [Fact]
    public async Task One_return_that_the_database_refuses_to_settle_holds_up_no_other()
    {
        var (action, jid) = await PickUpAsync();
        await database.ExecuteAsync(
            """
            create function saltern.refuse() returns trigger language plpgsql as $$
            begin raise exception using errcode = '22021'; end $$;
            create trigger refuse before update on saltern.action_target for each row
            when (new.status = 'Completed' and new.minion_key = 2) execute function saltern.refuse();
            """);
        foreach (var minion in new[] { "m1", "m2", "m3" })
        {
            await rig.ReturnAsync(jid, minion);
        }

        await rig.SettleAsync();

        var statuses = await rig.StatusesAsync(action);
        Assert.Equal(("Completed", "Failed", "Completed"), (statuses["m1"], statuses["m2"], statuses["m3"]));
        Assert.Contains("could not be read", await ReasonAsync("m2"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settling_twice_changes_nothing()
    {
        var (action, jid) = await PickUpAsync();
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();
        var before = await rig.ReadAsync(action);
        await database.ExecuteAsync(
            "insert into inbox (jid, minion_id, returned_at, success) values ($1, 'm1', now(), false)", jid);
        await rig.SettleAsync();

        Assert.Equal(before, await rig.ReadAsync(action));
    }

    [Fact]
    public async Task Two_settlers_at_the_same_inbox_settle_each_return_once()
    {
        await rig.AddMinionsAsync(600, "n{0}");
        var (action, jid) = await PickUpAsync();
        await database.ExecuteAsync(
            """
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
            select 'test.ping', $1, 'true', minion_id, 'true', '{}', $2 from minion
            """,
            jid, rig.Clock.GetUtcNow());
        await using var other = await CoreRig.StartAsync(database, settings: ("Results:BatchSize", "50"));
        var settled = await Task.WhenAll(rig.SettleAsync(), other.SettleAsync(), other.SettleAsync());

        Assert.Equal(603, settled.Sum());
        Assert.Equal(603, (await rig.ReadAsync(action)).Counts.Completed);
    }

    private async Task<(ActionId Action, string Jid)> PickUpAsync(string kind = "ping", string arguments = "{}")
    {
        var action = await rig.ScheduleAsync(kind, arguments);
        await rig.DispatchAsync();
        return (action, rig.Salt[0].Submissions.Last().Jid);
    }

    private Task<string?> ReasonAsync(string minion) => database.ScalarAsync<string>(
        "select t.reason from action_target t join minion m using (minion_key) where m.minion_id = $1", minion);
}
