using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Simulator.Faults;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>Overdue targets of a whole server, on minions that answer as Salt's do.</summary>
public sealed class WatchRunTests(PostgresServer postgres) : IAsyncLifetime
{
    private ServerRig rig = null!;

    public async ValueTask InitializeAsync() => rig = await ServerRig.StartAsync(
        postgres, 12, null, ("Results:Sweep", "00:00:01"), ("Results:FirstAskAfter", "00:00:01"),
        ("Results:ProofAfter", "00:00:02"), ("Results:RetryPause", "00:00:01"), ("Results:AskWhileRunning", "00:00:01"),
        ("Results:StopGrace", "00:00:01"), ("Dispatch:AskDeadline", "00:00:02"));

    public async ValueTask DisposeAsync() => await rig.DisposeAsync();

    [Fact]
    public async Task What_was_lost_on_its_way_is_found_on_the_minion_and_nothing_runs_again()
    {
        foreach (var minion in rig.Master.Minions)
        {
            rig.Master.SetCacheJobs(minion, true);
        }

        rig.Master.Faults.Set(FaultNames.LoseReturns, function: "state.apply");

        var action = await rig.ScheduleAsync(
            "state.apply", """{"states":["ok"]}""", change: order => order with { DeadlineSeconds = 2 });

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Equal(1, await rig.Database.ScalarAsync<int>("select max(attempt) from action_target"));
    }

    [Fact]
    public async Task A_script_that_failed_and_was_lost_on_its_way_fails_by_the_copy_of_its_minion()
    {
        rig.Master.SetCacheJobs("minion0005", true);
        rig.Master.Faults.Set(FaultNames.LoseReturns, function: "cmd.exec_code_all");

        var action = await rig.ScheduleAsync(
            "script.run", """{"script":"#!/bin/sh\nexit 7\n"}""", new TargetSelection { Minions = ["minion0005"] },
            order => order with { DeadlineSeconds = 2 });

        Assert.Equal("Failed", await rig.UntilEndedAsync(action));
        Assert.StartsWith("exit code 7", await rig.Database.ScalarAsync<string>(
            "select reason from action_target where action_id = $1", action.Value), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_takes_longer_than_expected_is_waited_for()
    {
        var action = await rig.ScheduleAsync(
            "script.run", """{"script":"#!/bin/sh\nsleep 8\necho done\n","timeoutSeconds":60}""",
            change: order => order with { DeadlineSeconds = 1 });

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
    }

    [Fact]
    public async Task What_is_lost_is_tried_again_and_a_minion_that_was_away_gets_it_when_it_is_back()
    {
        rig.Master.TakeDown("minion0003");
        var action = await rig.ScheduleAsync("ping", change: order => order with { DeadlineSeconds = 1 });
        await ServerRig.UntilAsync(
            () => rig.Database.ScalarAsync<int>("select sum(waiting)::int from action_counts"), waiting => waiting == 1,
            "the minion is waited for");
        Assert.Equal(11, (int)await rig.Database.ScalarAsync<long>(
            "select count(*) from action_target where action_id = $1 and status = 'Completed'", action.Value));

        rig.Master.BringUp("minion0003");

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Equal(2, await rig.Database.ScalarAsync<int>(
            "select max(attempt) from action_target where action_id = $1", action.Value));
    }

    [Fact]
    public async Task A_script_waits_in_the_queue_for_a_minion_that_is_away_and_runs_once()
    {
        rig.Master.TakeDown("minion0005");
        await rig.Database.ExecuteAsync("delete from minion_contact");
        var action = await rig.ScheduleAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""");
        await ServerRig.UntilAsync(
            () => rig.Database.ScalarAsync<int>(
                "select completed from action_counts where action_id = $1", action.Value),
            completed => completed == 11, "the others have run it");
        Assert.Equal("Queued", await StatusAsync(action));

        rig.Master.BringUp("minion0005");

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
    }

    [Fact]
    public async Task What_runs_is_stopped_by_order()
    {
        var action = await rig.ScheduleAsync(
            "script.run", """{"script":"#!/bin/sh\nsleep 600\n","timeoutSeconds":900}""",
            new TargetSelection { Minions = ["minion0005"] });
        await ServerRig.UntilAsync(
            () => rig.Database.ScalarAsync<long>(
                "select count(*) from submission where action_id = $1 and not is_ask and outcome = 'Accepted'",
                action.Value),
            accepted => accepted == 1, "the script is out");

        await rig.Get<Stopping>().StopAsync(action, null, "ann", CancellationToken.None);

        Assert.Equal("Failed", await rig.UntilEndedAsync(action));
        Assert.StartsWith("stopped by ann with SIGTERM", await rig.Database.ScalarAsync<string>(
            "select reason from action_target where action_id = $1", action.Value), StringComparison.Ordinal);
    }

    private Task<string?> StatusAsync(ActionId action) => rig.Database.ScalarAsync<string>(
        """
        select t.status from action_target t join minion m using (minion_key)
        where t.action_id = $1 and m.minion_id = 'minion0005'
        """,
        action.Value);
}
