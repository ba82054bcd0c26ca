using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Keys;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>One server, two masters that return into one database.</summary>
public sealed class SeveralMastersTests(PostgresServer postgres)
{
    private const int Each = 20;

    [Fact]
    public async Task Recording_17_returns_of_two_masters_settle_from_one_database()
    {
        await using var ground = await TwoMasters.StartAsync(postgres, Each);

        var action = await ground.ScheduleAsync("state.apply", """{"states":["ok"]}""");

        Assert.Equal("Completed", await ground.UntilEndedAsync(action));
        Assert.Equal(1, await ground.RunsAsync(action, "a1"));
        Assert.Equal(1, await ground.RunsAsync(action, "b1"));
    }

    [Fact]
    public async Task Recording_11_a_master_that_is_away_holds_up_only_its_own_minions_and_they_finish_when_it_is_back()
    {
        await using var ground = await TwoMasters.StartAsync(postgres, Each);
        await ground.TakeFirstAwayAsync();

        var action = await ground.ScheduleAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""");
        await ground.UntilCountAsync(action, "Completed", Each);
        await ServerRig.UntilAsync(
            async () => (await TargetAsync(ground, action, "a1")).Reason,
            reason => reason?.StartsWith("waits for master master1, which is unreachable", StringComparison.Ordinal)
                == true,
            "the target says what it waits for");
        await ground.UntilCountAsync(action, "Queued", Each);

        await ground.BringFirstBackAsync();

        Assert.Equal("Completed", await ground.UntilEndedAsync(action));
        foreach (var minion in ground.First.Minions.Concat(ground.Second.Minions))
        {
            Assert.Equal(1, await ground.RunsAsync(action, minion));
        }
    }

    [Fact]
    public async Task A_master_that_is_away_at_the_start_keeps_no_server_from_starting()
    {
        await using var ground = await TwoMasters.StartAsync(postgres, Each, firstIsThere: false);

        var action = await ground.ScheduleAsync("ping");
        Assert.Equal("Completed", await ground.UntilEndedAsync(action));

        await ground.BringFirstBackAsync();
        await ServerRig.UntilAsync(
            () => ground.Database.ScalarAsync<string>("select health from master where name = 'master1'"),
            health => health == "up", "the first master is up");
    }

    [Fact]
    public async Task Recording_17b_what_is_queued_for_a_minion_follows_it_to_its_new_master()
    {
        await using var ground = await TwoMasters.StartAsync(postgres, 3);
        await ground.TakeFirstAwayAsync();
        var action = await ground.ScheduleAsync("ping", glob: "a1");
        await ServerRig.UntilAsync(
            async () => (await TargetAsync(ground, action, "a1")).Reason, reason => reason is not null,
            "the target waits for its master");

        Move(ground, "a1");

        Assert.Equal("Completed", await ground.UntilEndedAsync(action));
        Assert.Equal("master2", await MasterOfAsync(ground, "a1"));
        Assert.Equal(1, await ground.RunsAsync(action, "a1"));
    }

    [Fact]
    public async Task Recording_17_a_job_picked_up_on_the_old_master_is_settled_by_a_return_through_the_new_one()
    {
        await using var ground = await TwoMasters.StartAsync(postgres, 3);
        ground.First.Faults.Set(FaultNames.NeverReturn, minion: "a1", function: "cmd.exec_code_all");
        var action = await ground.ScheduleAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""", "a1");
        await ServerRig.UntilAsync(
            () => ground.Database.ScalarAsync<string>(
                "select outcome from submission where action_id = $1 and not is_ask", action.Value),
            outcome => outcome == "Accepted", "the job is out on the old master");
        await ground.TakeFirstAwayAsync();
        Move(ground, "a1");
        await ServerRig.UntilAsync(
            () => MasterOfAsync(ground, "a1"), master => master == "master2", "the minion is followed");

        await ReturnThroughAsync(ground, action, "a1", "master2");

        Assert.Equal("Completed", await ground.UntilEndedAsync(action));
        Assert.Equal(1, await ground.RunsAsync(action, "a1"));
        Assert.Equal(1, await ground.Database.ScalarAsync<long>(
            "select count(*) from submission where action_id = $1 and not is_ask", action.Value));
    }

    /// <summary>The minion loses its master and connects to the second, which has its key.</summary>
    private static void Move(TwoMasters ground, string minion)
    {
        ground.First.TakeDown(minion);
        ground.Second.AddMinions([minion], KeyStatus.Accepted);
        ground.Second.Reconnect(minion);
    }

    private static Task<string?> MasterOfAsync(TwoMasters ground, string minion) =>
        ground.Database.ScalarAsync<string>(
            "select r.name from minion m join master r on r.id = m.master_id where m.minion_id = $1", minion);

    private static async Task<(string Status, string? Reason)> TargetAsync(
        TwoMasters ground, ActionId action, string minion)
    {
        var targets = new TargetLists(ground.Database.DataSource);
        var target = (await targets.FindAsync(action, minion, null, CancellationToken.None)).Single();
        return (target.Status, target.Reason);
    }

    private static Task ReturnThroughAsync(TwoMasters ground, ActionId action, string minion, string master) =>
        ground.Database.ExecuteAsync(
            """
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret)
            select 'cmd.exec_code_all', s.jid, b.body, $2, 'true',
                   json_build_object('cmd', '_return', 'id', $2::text, 'success', true, 'return', b.body, 'retcode', 0,
                       'jid', s.jid, 'fun', 'cmd.exec_code_all', 'fun_args', '[]'::json, 'master_id', $3::text,
                       '_stamp', '2026-11-22T06:00:00.000000')
            from submission s,
                 (select '{"pid":1,"retcode":0,"stdout":"x","stderr":""}'::json as body) b
            where s.action_id = $1 and not s.is_ask
            """,
            action.Value, minion, master);
}
