using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Tests.Results;

/// <summary>Stopping what runs, and minions that are away before or after.</summary>
public sealed class StopAndAbsenceTests(PostgresServer server) : OverdueGround(server)
{
    [Fact]
    public async Task A_job_that_is_stopped_is_told_to_end_then_killed_and_fails_when_it_is_gone()
    {
        var action = await rig.ScheduleAsync("state.apply");
        await rig.DispatchAsync();
        var jid = Last.Jid;
        Assert.Equal(1, Assert.IsType<OrderOutcome.Done>(await rig.Get<Stopping>().StopAsync(
            action, ["m1"], "ann", CancellationToken.None)).Targets);
        await rig.DispatchAsync();
        Assert.Equal(("saltutil.term_job", jid), (Last.Function, (string?)Last.Call.Args[0]));
        Assert.Equal(["m1"], Last.Minions);
        await AnswerAsync("m1", $"\"Signal 15 sent to job {jid} at pid 23390\"");
        await PassAsync(TimeSpan.FromSeconds(11));
        Assert.Equal("saltutil.find_job", Last.Function);
        await AnswerAsync("m1", Running);
        await rig.DispatchAsync();
        Assert.Equal("saltutil.kill_job", Last.Function);
        await AnswerAsync("m1", $"\"Signal 9 sent to job {jid} at pid 23390\"");
        await PassAsync(TimeSpan.FromSeconds(11));
        await AnswerAsync("m1", "{}");

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal("stopped by ann", await ReasonAsync());
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m2"]);
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();
        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task What_is_stopped_is_not_tried_again_when_it_turns_out_to_be_lost()
    {
        var (action, _) = await OverdueAsync();
        await MissingTwiceAsync("m1");
        await rig.Get<Stopping>().StopAsync(action, ["m1"], "ann", CancellationToken.None);
        await AnswerAsync("m1", NotCached);

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.StartsWith("stopped by ann: the minion does not run the job", await ReasonAsync(), OrdinalText);
    }

    [Fact]
    public async Task What_is_stopped_and_was_busy_does_not_run_later()
    {
        var action = await rig.ScheduleAsync("state.apply");
        await rig.DispatchAsync();
        var jid = Last.Jid;
        await rig.Get<Stopping>().StopAsync(action, ["m1"], "ann", CancellationToken.None);
        await rig.ReturnAsync(
            jid, "m1", """["The function \"state.apply\" is running as PID 1"]""", 1, "state.apply");
        await rig.SettleAsync();

        Assert.Equal("Cancelled", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_job_that_ends_by_sigterm_may_have_left_a_process_that_ignores_it()
    {
        var action = await rig.ScheduleAsync("state.apply");
        await rig.DispatchAsync();
        var jid = Last.Jid;
        await rig.Get<Stopping>().StopAsync(action, ["m1"], "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await AnswerAsync("m1", $"\"Signal 15 sent to job {jid} at pid 23390\"");
        await PassAsync(TimeSpan.FromSeconds(11));
        await AnswerAsync("m1", "{}");

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal("stopped by ann with SIGTERM; a process that ignores it may still run", await ReasonAsync());
    }

    [Fact]
    public async Task A_stop_that_found_no_job_waits_for_the_proof_of_what_became_of_it()
    {
        var (action, jid) = await StopTooLateAsync();
        await PassAsync(TimeSpan.FromSeconds(61));
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
        await PassAsync(TimeSpan.FromMinutes(4));
        await AnswerAsync("m1", "{}");
        await rig.DispatchAsync();
        Assert.Equal(("saltutil.find_cached_job", jid), (Last.Function, (string?)Last.Call.Args[0]));

        await AnswerAsync("m1", NotCached);

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.StartsWith("stopped by ann: the minion does not run the job", await ReasonAsync(), OrdinalText);
    }

    [Fact]
    public async Task A_stop_after_the_end_of_a_job_whose_return_was_lost_finds_the_return()
    {
        var (action, jid) = await StopTooLateAsync();
        await PassAsync(TimeSpan.FromMinutes(4.5));
        await AnswerAsync("m1", "{}");
        await rig.DispatchAsync();
        await AnswerAsync("m1", $$"""{"fun":"state.apply","jid":"{{jid}}","return":{},"retcode":0,"success":true}""");
        await rig.SettleAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task The_signal_to_an_earlier_attempt_does_not_count_for_the_next()
    {
        var action = await rig.ScheduleAsync("state.apply", target: new TargetSelection { Minions = ["m1"] });
        await rig.DispatchAsync();
        await rig.Get<Stopping>().StopAsync(action, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await AnswerAsync("m1", "\"Signal 15 sent to job x at pid 23390\"");
        await PassAsync(TimeSpan.FromSeconds(11));
        await AnswerAsync("m1", "{}");
        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await PassAsync(TimeSpan.FromHours(2));
        Assert.Equal("saltutil.find_job", Last.Function);

        await rig.Get<Stopping>().StopAsync(action, null, "ann", CancellationToken.None);
        await AnswerAsync("m1", "{}");

        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_minion_without_a_key_is_told_by_the_ping()
    {
        await rig.AddMinionsAsync(1, "gone", heard: false);
        rig.Salt[0].Answer = sent => new SubmitOutcome.Accepted([MinionId.Parse("gone")]);
        var action = await rig.ScheduleAsync("script.run", Script, new TargetSelection { Minions = ["gone"] });
        await rig.DispatchAsync();
        await rig.DispatchAsync();

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["gone"]);
    }

    [Fact]
    public async Task A_reboot_that_does_not_happen_fails_when_its_deadline_is_over()
    {
        var action = await RebootAsync();
        await PassAsync(TimeSpan.FromHours(2));
        await AnswerAsync("m1", BootId(1), "file.read");

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Contains("the deadline is over", await ReasonAsync(), OrdinalText);
    }

    [Fact]
    public async Task Actions_that_wait_for_absent_minions_do_not_hide_those_behind_them()
    {
        await rig.AddMinionsAsync(1, "away", heard: false);
        for (var number = 0; number < 205; number++)
        {
            await rig.ScheduleAsync(
                "salt.call", """{"function":"test.arg"}""", new TargetSelection { Minions = ["away"] });
        }

        var ping = await rig.ScheduleAsync("ping", target: new TargetSelection { Minions = ["m1"] });
        await rig.DispatchAsync();

        Assert.Equal("PickedUp", (await rig.StatusesAsync(ping))["m1"]);
    }

    [Fact]
    public async Task Stopping_goes_on_after_the_action_was_cancelled()
    {
        var action = await rig.ScheduleAsync("state.apply");
        await rig.DispatchAsync();
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        await rig.Get<Stopping>().StopAsync(action, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();

        Assert.Equal("saltutil.term_job", Last.Function);
    }

    [Fact]
    public async Task What_is_not_safe_to_repeat_waits_in_the_queue_until_its_minion_answers_a_ping()
    {
        await rig.AddMinionsAsync(1, "away", heard: false);
        var action = await rig.ScheduleAsync(
            "script.run", Script, new TargetSelection { Minions = ["m1", "away"] });
        await rig.DispatchAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["away"]);
        var ping = Assert.Single(rig.Salt[0].Submissions, one => one.Function == "test.ping");
        Assert.Equal(["away"], ping.Minions);

        await PassAsync(TimeSpan.FromMinutes(20));
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["away"]);
        Assert.Equal(0, await database.ScalarAsync<int>(
            "select t.attempt from action_target t join minion m using (minion_key) where m.minion_id = 'away'"));
        ping = rig.Salt[0].Submissions.Last(one => one.Function == "test.ping");
        await rig.ReturnAsync(ping.Jid, "away");
        await rig.SettleAsync();
        await rig.DispatchAsync();

        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["away"]);
        Assert.Equal(["away"], Last.Minions);
    }

    [Fact]
    public async Task A_sign_of_life_counts_for_two_minutes()
    {
        await rig.AddMinionsAsync(1, "away", heard: false);
        await rig.Get<SignsOfLife>().TouchAsync([new MinionKey(3)], CancellationToken.None);
        rig.Clock.Advance(TimeSpan.FromMinutes(3));
        var action = await rig.ScheduleAsync("script.run", Script, new TargetSelection { Minions = ["away"] });

        await rig.DispatchAsync();

        Assert.Equal("Queued", (await rig.StatusesAsync(action))["away"]);
    }

    [Fact]
    public async Task A_reboot_whose_minion_stays_away_waits_for_contact_after_its_deadline()
    {
        var action = await RebootAsync();
        await PassAsync(TimeSpan.FromHours(2));
        await PassAsync(TimeSpan.FromMinutes(2));
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await database.ScalarAsync<int>("select waiting from action_counts"));
        Assert.DoesNotContain(rig.Salt[0].Submissions, one => one.Function == "saltutil.find_job");

        await rig.Get<SignsOfLife>().TouchAsync([new MinionKey(1)], CancellationToken.None);
        await rig.DispatchAsync();
        await AnswerAsync("m1", BootId(2), "file.read");

        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
        Assert.Equal(0, await database.ScalarAsync<int>("select waiting from action_counts"));
    }

    /// <summary>The minion knows no such job when it is told to end it, and does not run it.</summary>
    private async Task<(ActionId Action, string Jid)> StopTooLateAsync()
    {
        var action = await rig.ScheduleAsync("state.apply", target: new TargetSelection { Minions = ["m1"] });
        await rig.DispatchAsync();
        var jid = Last.Jid;
        await PassAsync(TimeSpan.FromMinutes(2));
        await rig.Get<Stopping>().StopAsync(action, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await AnswerAsync("m1", "\"\"");
        await PassAsync(TimeSpan.FromSeconds(11));
        await AnswerAsync("m1", "{}");
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
        return (action, jid);
    }
}
