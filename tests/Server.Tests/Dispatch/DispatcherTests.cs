using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using Saltern.Server.Tests.Rig;
using Xunit;

namespace Saltern.Server.Tests.Dispatch;

public sealed class DispatcherTests(PostgresServer server) : CoreGround(server, minions: 0)
{
    [Fact]
    public async Task A_due_action_goes_out_in_one_submission_under_a_jid_of_ours()
    {
        await rig.AddMinionsAsync(3);
        var action = await rig.ScheduleAsync();

        await rig.DispatchAsync();

        var sent = Assert.Single(Salt.Submissions);
        Assert.True(Jid.IsOurs(sent.Jid));
        Assert.Equal("test.ping", sent.Function);
        Assert.Equal(["m1", "m2", "m3"], sent.Minions.Order());
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
        Assert.Equal("Running", (await rig.ReadAsync(action)).Status);
        Assert.Equal("Accepted", await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task Status_and_jid_are_committed_before_the_call_leaves()
    {
        await rig.AddMinionsAsync(1);
        var action = await rig.ScheduleAsync();
        Salt.OnTheWay = async sent =>
        {
            Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
            Assert.Equal(
                1, await database.ScalarAsync<long>("select count(*) from submission where jid = $1", sent.Jid));
        };

        await rig.DispatchAsync();

        Assert.Single(Salt.Submissions);
    }

    [Fact]
    public async Task Nothing_goes_out_before_its_time()
    {
        await rig.AddMinionsAsync(1);
        await rig.ScheduleAsync(change: order => order with { EarliestAt = rig.Clock.GetUtcNow().AddMinutes(10) });

        await rig.DispatchAsync();
        Assert.Empty(Salt.Submissions);
        rig.Clock.Advance(TimeSpan.FromMinutes(10));
        await rig.DispatchAsync();

        Assert.Single(Salt.Submissions);
    }

    [Fact]
    public async Task A_batch_size_keeps_a_moving_window()
    {
        await rig.AddMinionsAsync(10);
        var action = await rig.ScheduleAsync(change: order => order with { BatchSize = 4 });

        await rig.DispatchAsync();
        await rig.DispatchAsync();
        Assert.Equal(4, (await rig.ReadAsync(action)).Counts.PickedUp);
        var first = Salt.Submissions.First();
        await rig.ReturnAsync(first.Jid, first.Minions[0]);
        await rig.SettleAsync();
        await rig.DispatchAsync();

        var counts = (await rig.ReadAsync(action)).Counts;
        Assert.Equal((4, 1, 5), (counts.PickedUp, counts.Completed, counts.Queued));
    }

    [Fact]
    public async Task A_second_exclusive_action_waits_for_the_first_on_the_same_minion_only()
    {
        await rig.AddMinionsAsync(2);
        var first = await rig.ScheduleAsync("state.apply", target: new TargetSelection { Minions = ["m1"] });
        var second = await rig.ScheduleAsync("state.apply");
        var ping = await rig.ScheduleAsync();

        await rig.DispatchAsync();

        Assert.Equal("PickedUp", (await rig.StatusesAsync(first))["m1"]);
        var waiting = await rig.StatusesAsync(second);
        Assert.Equal(("Queued", "PickedUp"), (waiting["m1"], waiting["m2"]));
        Assert.All((await rig.StatusesAsync(ping)).Values, status => Assert.Equal("PickedUp", status));
        var sent = Salt.Submissions.First(one => one.Minions.Contains("m1") && one.Function == "state.apply"
            || one.Function == "state.highstate" && one.Minions.Contains("m1"));
        await rig.ReturnAsync(sent.Jid, "m1", "{}");
        await rig.SettleAsync();
        await rig.DispatchAsync();
        Assert.Equal("PickedUp", (await rig.StatusesAsync(second))["m1"]);
    }

    [Fact]
    public async Task A_later_exclusive_action_does_not_overtake_an_earlier_one_that_is_held_back()
    {
        await rig.AddMinionsAsync(2);
        var first = await rig.ScheduleAsync("state.apply", change: order => order with { BatchSize = 1 });
        var second = await rig.ScheduleAsync("state.apply");

        await rig.DispatchAsync();

        Assert.Equal(1, (await rig.ReadAsync(first)).Counts.PickedUp);
        Assert.Equal(0, (await rig.ReadAsync(second)).Counts.PickedUp);
    }

    [Fact]
    public async Task The_masters_limit_holds_over_actions_and_passes()
    {
        await using var small = await CoreRig.StartAsync(database, settings: ("MaxInFlight", "5"));
        await small.AddMinionsAsync(8);
        await small.ScheduleAsync();
        await small.ScheduleAsync();

        await small.DispatchAsync();
        await small.DispatchAsync();

        Assert.Equal(
            5, await database.ScalarAsync<long>("select count(*) from action_target where status = 'PickedUp'"));
    }

    [Fact]
    public async Task Names_without_a_key_fail_at_once_and_say_so()
    {
        await rig.AddMinionsAsync(2);
        var action = await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Accepted([MinionId.Parse("m2")]);

        await rig.DispatchAsync();

        var statuses = await rig.StatusesAsync(action);
        Assert.Equal(("PickedUp", "Failed"), (statuses["m1"], statuses["m2"]));
        Assert.Contains("no accepted key", await ReasonAsync("m2"), StringComparison.Ordinal);
        Assert.Equal(1, await database.ScalarAsync<int>("select outstanding from submission"));
    }

    [Fact]
    public async Task A_refused_call_fails_its_targets_with_the_masters_words()
    {
        await rig.AddMinionsAsync(1);
        var action = await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Refused("Client disabled: 'local_async'");

        await rig.DispatchAsync();

        Assert.Equal("Failed", (await rig.ReadAsync(action)).Status);
        Assert.Contains("Client disabled", await ReasonAsync("m1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_never_left_burns_nothing_and_goes_out_when_the_master_is_back()
    {
        await rig.AddMinionsAsync(2);
        var action = await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);
        await rig.DispatchAsync();

        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("Queued", status));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from attempt"));
        Assert.Equal("unreachable", await database.ScalarAsync<string>("select health from master"));
        await rig.DispatchAsync();
        Assert.Single(Salt.Submissions);

        Salt.Answer = _ => new SubmitOutcome.Accepted([]);
        rig.Clock.Advance(TimeSpan.FromMinutes(2));
        await rig.DispatchAsync();

        Assert.Equal(2, Salt.Submissions.Count);
        Assert.Equal(1, await database.ScalarAsync<int>("select max(attempt) from action_target"));
        Assert.Equal("up", await database.ScalarAsync<string>("select health from master"));
    }

    [Fact]
    public async Task An_action_cancelled_while_its_call_was_failing_does_not_run_later()
    {
        await rig.AddMinionsAsync(1);
        var action = await rig.ScheduleAsync();
        Salt.OnTheWay = async _ =>
        {
            var cancelled = await rig.Get<Cancelling>().CancelAsync(action, null, "tester", CancellationToken.None);
            Assert.Equal(["m1"], Assert.IsType<CancelOutcome.Done>(cancelled).NotQueued);
        };
        Salt.Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);

        await rig.DispatchAsync();

        Assert.Equal("Cancelled", (await rig.ReadAsync(action)).Status);
    }

    [Fact]
    public async Task A_cancelled_action_sends_nothing()
    {
        await rig.AddMinionsAsync(3);
        var action = await rig.ScheduleAsync();
        await rig.Get<Cancelling>().CancelAsync(action, ["m2"], "tester", CancellationToken.None);
        await rig.DispatchAsync();

        Assert.Equal(["m1", "m3"], Assert.Single(Salt.Submissions).Minions.Order());
        Assert.Equal("Cancelled", (await rig.StatusesAsync(action))["m2"]);
    }

    [Fact]
    public async Task Cancelling_before_anything_was_picked_up_begins_nothing()
    {
        await rig.AddMinionsAsync(2);
        var action = await rig.ScheduleAsync(
            change: order => order with { EarliestAt = rig.Clock.GetUtcNow().AddHours(1) });
        await rig.Get<Cancelling>().CancelAsync(action, ["m2"], "tester", CancellationToken.None);
        Assert.Equal(("Scheduled", null), await BeginningAsync(action));

        rig.Clock.Advance(TimeSpan.FromHours(1));
        var due = rig.Clock.GetUtcNow();
        await rig.DispatchAsync();

        Assert.Equal(("Running", due.UtcDateTime), await BeginningAsync(action));
    }

    [Fact]
    public async Task An_action_that_was_cancelled_before_it_began_has_no_start()
    {
        await rig.AddMinionsAsync(2);
        var action = await rig.ScheduleAsync(
            change: order => order with { EarliestAt = rig.Clock.GetUtcNow().AddHours(1) });
        await rig.Get<Cancelling>().CancelAsync(action, null, "tester", CancellationToken.None);

        Assert.Equal(("Cancelled", null), await BeginningAsync(action));
    }

    [Fact]
    public async Task What_could_not_start_in_time_is_skipped()
    {
        await rig.AddMinionsAsync(2);
        Salt.IsUp = false;
        var action = await rig.ScheduleAsync(
            change: order => order with { ExpiresAt = rig.Clock.GetUtcNow().AddMinutes(5) });
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromMinutes(5));
        Salt.IsUp = true;
        await rig.DispatchAsync();

        Assert.Empty(Salt.Submissions);
        Assert.Equal(2, (await rig.ReadAsync(action)).Counts.Skipped);
        Assert.Contains("expired", await ReasonAsync("m1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_one_minion_of_an_action_that_has_none_yet_leaves_it_as_it_is()
    {
        await rig.AddMinionsAsync(2);
        var action = await rig.ScheduleAsync(change: order => order with
        {
            ResolveAtStart = true,
            EarliestAt = rig.Clock.GetUtcNow().AddMinutes(1),
        });
        await rig.Get<Cancelling>().CancelAsync(action, ["m1"], "tester", CancellationToken.None);
        rig.Clock.Advance(TimeSpan.FromMinutes(1));

        await rig.DispatchAsync();

        Assert.Equal(2, (await rig.ReadAsync(action)).Counts.PickedUp);
    }

    [Fact]
    public async Task Unanswered_asks_take_no_places_from_other_actions()
    {
        await using var small = await CoreRig.StartAsync(database, settings: ("MaxInFlight", "2"));
        await small.AddMinionsAsync(2);
        await small.ScheduleAsync("system.reboot");
        var ping = await small.ScheduleAsync();

        await small.DispatchAsync();

        Assert.Equal(2, (await small.ReadAsync(ping)).Counts.PickedUp);
    }

    [Fact]
    public async Task Nothing_is_due_when_all_that_could_be_done_is_done()
    {
        await rig.AddMinionsAsync(1);
        await rig.ScheduleAsync("system.reboot");
        await rig.DispatchAsync();
        await rig.ReturnAsync(Salt.Submissions.Last().Jid, "m1", "\"0aa856f6-0000-4000-8000-000000000001\"");
        await rig.SettleAsync();
        await rig.DispatchAsync();
        await rig.ReturnAsync(Salt.Submissions.Last().Jid, "m1", "\"no\"", 1, "system.reboot");
        await rig.SettleAsync();
        rig.Clock.Advance(TimeSpan.FromHours(1));
        await rig.DispatchAsync();

        Assert.Null(await rig.Dispatcher.NextDueAsync(rig.Clock.GetUtcNow(), CancellationToken.None));
    }

    [Fact]
    public async Task An_ask_that_nobody_answers_is_not_left_to_the_sweep()
    {
        await rig.AddMinionsAsync(1);
        await rig.ScheduleAsync("system.reboot");
        await rig.DispatchAsync();

        var now = rig.Clock.GetUtcNow();
        Assert.Equal(now.AddSeconds(30), await rig.Dispatcher.NextDueAsync(now, CancellationToken.None));
    }

    [Fact]
    public async Task What_fell_due_during_a_pass_is_not_left_to_the_sweep()
    {
        await rig.AddMinionsAsync(1);
        var due = rig.Clock.GetUtcNow().AddMinutes(10);
        await rig.ScheduleAsync(change: order => order with { EarliestAt = due });
        rig.Clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));
        var began = rig.Clock.GetUtcNow();
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromMilliseconds(2));

        Assert.Equal(due, await rig.Dispatcher.NextDueAsync(began, CancellationToken.None));
    }

    [Fact]
    public async Task A_master_that_became_available_during_a_pass_is_not_left_to_the_sweep()
    {
        await rig.AddMinionsAsync(1);
        await rig.ScheduleAsync();
        Salt.IsUp = false;
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromMilliseconds(999));
        var began = rig.Clock.GetUtcNow();
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromMilliseconds(2));

        Assert.NotNull(await rig.Dispatcher.NextDueAsync(began, CancellationToken.None));
    }

    [Fact]
    public async Task A_paused_dispatch_hands_out_nothing_until_it_is_resumed()
    {
        await rig.AddMinionsAsync(1);
        await rig.ScheduleAsync();
        await rig.Get<Masters>().PauseAllAsync("tester", "a change of kernel", CancellationToken.None);
        await rig.DispatchAsync();
        Assert.Empty(Salt.Submissions);

        await rig.Get<Masters>().ResumeAllAsync("tester", CancellationToken.None);
        await rig.DispatchAsync();

        Assert.Single(Salt.Submissions);
    }

    [Fact]
    public async Task A_minion_of_another_master_goes_to_that_master()
    {
        await using var two = await CoreRig.StartAsync(database, masters: 2);
        await two.AddMinionsAsync(2, "a{0}");
        await two.AddMinionsAsync(3, "b{0}", "master2");
        await two.ScheduleAsync();

        await two.DispatchAsync();

        Assert.Equal(["a1", "a2"], Assert.Single(two.Salt[0].Submissions).Minions.Order());
        Assert.Equal(["b1", "b2", "b3"], Assert.Single(two.Salt[1].Submissions).Minions.Order());
    }

    [Fact]
    public async Task Targets_found_at_the_start_are_those_of_that_moment()
    {
        await rig.AddMinionsAsync(1);
        var action = await rig.ScheduleAsync(change: order => order with
        {
            ResolveAtStart = true,
            EarliestAt = rig.Clock.GetUtcNow().AddMinutes(1),
        });
        await rig.AddMinionsAsync(2, "late{0}");
        rig.Clock.Advance(TimeSpan.FromMinutes(1));

        await rig.DispatchAsync();

        Assert.Equal(["late1", "late2", "m1"], (await rig.StatusesAsync(action)).Keys.Order());
        Assert.Equal(3, (await rig.ReadAsync(action)).Counts.PickedUp);
    }

    private async Task<(string Status, DateTime? Started)> BeginningAsync(ActionId action) =>
        ((await rig.ReadAsync(action)).Status,
         await database.ScalarAsync<DateTime?>("select started_at from action where id = $1", action.Value));

    private Task<string?> ReasonAsync(string minion) => database.ScalarAsync<string>(
        "select t.reason from action_target t join minion m using (minion_key) where m.minion_id = $1", minion);
}
