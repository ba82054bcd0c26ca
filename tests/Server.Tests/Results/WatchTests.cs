using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Tests.Results;

/// <summary>What becomes of a target whose minion does not return in time.</summary>
public sealed class WatchTests(PostgresServer server) : OverdueGround(server)
{
    [Fact]
    public async Task All_overdue_minions_of_a_submission_are_asked_for_its_job_in_one_call()
    {
        var (_, jid) = await OverdueAsync();

        var ask = Assert.Single(rig.Salt[0].Submissions.Skip(1));
        Assert.Equal(("saltutil.find_job", jid), (ask.Function, (string?)ask.Call.Args[0]));
        Assert.Equal(["m1", "m2"], ask.Minions);
        Assert.NotEqual(jid, ask.Jid);
    }

    [Fact]
    public async Task A_job_that_runs_is_asked_about_again_and_its_return_settles_it()
    {
        var (action, jid) = await OverdueAsync();
        await AnswerAsync("m1", Running);
        await AnswerAsync("m2", Running);
        await PassAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(2, rig.Salt[0].Submissions.Count);
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(3, rig.Salt[0].Submissions.Count);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));

        await rig.ReturnAsync(jid, "m1");
        await rig.ReturnAsync(jid, "m2");
        await rig.SettleAsync();

        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
        await PassAsync(TimeSpan.FromHours(1));
        await PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(3, rig.Salt[0].Submissions.Count);
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ask where answered_at is null"));
    }

    [Fact]
    public async Task A_job_that_is_said_twice_not_to_run_is_looked_for_in_the_cache_and_found_there()
    {
        var (action, jid) = await OverdueAsync();
        await MissingTwiceAsync("m1");

        Assert.Equal("saltutil.find_cached_job", Last.Function);
        Assert.Equal(jid, (string?)Last.Call.Args[0]);
        await AnswerAsync(
            "m1", $$"""{"fun":"state.apply","jid":"{{jid}}","return":{"a":"\u0000"},"retcode":2,"success":true}""");
        await rig.SettleAsync();

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.False(await database.ScalarAsync<bool>("select guessed from action_target where minion_key = 1"));
        Assert.Equal(1, await database.ScalarAsync<long>(
            "select count(*) from salt.salt_returns where jid = $1 and id = 'm1' and success = 'false'", jid));
    }

    [Fact]
    public async Task Twice_does_not_count_before_a_minion_has_given_up_to_deliver()
    {
        await OverdueAsync();
        await AnswerAsync("m1", "{}");
        await PassAsync(TimeSpan.FromMinutes(3.5));
        Assert.Single(Asks);

        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["saltutil.find_job", "saltutil.find_job"], Asks.Select(one => one.Function));
    }

    [Fact]
    public async Task What_is_lost_and_safe_to_repeat_is_tried_again_after_a_pause_with_its_history()
    {
        var (action, jid) = await OverdueAsync();
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        await rig.DispatchAsync();
        Assert.DoesNotContain(rig.Salt[0].Submissions.Skip(1), one => one.Function == "state.apply");

        await PassAsync(TimeSpan.FromMinutes(2));

        var again = rig.Salt[0].Submissions.Last(one => one.Function == "state.apply");
        Assert.NotEqual(jid, again.Jid);
        Assert.Equal(["m1"], again.Minions);
        await rig.ReturnAsync(again.Jid, "m1");
        await rig.SettleAsync();
        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal("1 Failed, 2 Completed", await AttemptsAsync());
    }

    [Theory]
    [InlineData(NotCached, 1, "Failed", "it never began, or was cut off")]
    [InlineData(NotCached, 2, "Queued", "it never began, or was cut off")]
    [InlineData(CacheIsOff, 2, "Failed", "whether it ran is not known")]
    public async Task What_is_not_safe_to_repeat_is_tried_again_only_if_told_so_and_proved(
        string answer, int attempts, string status, string reason)
    {
        var (action, _) = await OverdueAsync("script.run", Script, order => order with { MaxAttempts = attempts });
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", answer);

        Assert.Equal(status, (await rig.StatusesAsync(action))["m1"]);
        Assert.Contains(reason, await ReasonAsync(), OrdinalText);
    }

    [Fact]
    public async Task The_last_attempt_that_is_lost_fails_as_a_guess()
    {
        var (action, jid) = await OverdueAsync(change: order => order with { MaxAttempts = 1 });
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", CacheIsOff);
        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.True(await database.ScalarAsync<bool>("select guessed from action_target where minion_key = 1"));

        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_return_that_lies_in_the_job_cache_is_never_taken_for_lost()
    {
        var (action, jid) = await OverdueAsync();
        await MissingTwiceAsync("m1");
        await database.ExecuteAsync("alter table salt.salt_returns disable trigger take_return");
        await rig.ReturnAsync(jid, "m1");
        await database.ExecuteAsync("alter table salt.salt_returns enable trigger take_return");
        await AnswerAsync("m1", NotCached);

        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
        await rig.Get<MissedReturns>().RunOnceAsync(TimeSpan.Zero, CancellationToken.None);
        await rig.SettleAsync();
        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_minion_that_does_not_answer_waits_for_contact_and_its_place_is_free()
    {
        var (action, _) = await OverdueAsync();
        var other = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        Assert.All((await rig.StatusesAsync(other)).Values, status => Assert.Equal("Queued", status));

        await PassAsync(TimeSpan.FromMinutes(1));

        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
        Assert.Equal(2, await database.ScalarAsync<int>(
            "select waiting from action_counts where action_id = $1", action.Value));
        Assert.Equal("0 outstanding, 2 waiting", await database.ScalarAsync<string>(
            "select outstanding || ' outstanding, ' || waiting || ' waiting' from submission where action_id = $1 "
            + "and not is_ask", action.Value));
        Assert.All((await rig.StatusesAsync(other)).Values, status => Assert.Equal("PickedUp", status));
    }

    [Fact]
    public async Task A_sign_of_life_has_who_waits_asked_at_once_and_counted_again()
    {
        var (action, jid) = await OverdueAsync();
        await PassAsync(TimeSpan.FromMinutes(1));
        var asked = rig.Salt[0].Submissions.Count;

        await rig.Get<SignsOfLife>().TouchAsync([new MinionKey(1)], CancellationToken.None);
        await rig.DispatchAsync();

        Assert.Equal(asked + 1, rig.Salt[0].Submissions.Count);
        Assert.Equal(("saltutil.find_job", "m1"), (Last.Function, Assert.Single(Last.Minions)));
        Assert.Equal("the minion does not answer; waiting for contact", await ReasonAsync());
        await AnswerAsync("m1", Running);
        Assert.Equal("past its deadline; the minion still runs it", await ReasonAsync());
        Assert.Equal(1, await database.ScalarAsync<int>(
            "select waiting from action_counts where action_id = $1", action.Value));
        await rig.ReturnAsync(jid, "m1");
        await rig.ReturnAsync(jid, "m2");
        await rig.SettleAsync();
        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
        Assert.Equal(0, await database.ScalarAsync<long>(
            "select sum(outstanding + waiting)::bigint from submission where not is_ask"));
    }

    [Fact]
    public async Task A_sign_of_life_counts_while_an_ask_is_out_that_came_too_early()
    {
        await OverdueAsync();
        await PassAsync(TimeSpan.FromMinutes(1));
        await PassAsync(TimeSpan.FromSeconds(31));
        Assert.Equal(["m1", "m2"], Last.Minions.Order());
        var asked = Asks.Count();

        await rig.Get<SignsOfLife>().TouchAsync([new MinionKey(1)], CancellationToken.None);
        await PassAsync(TimeSpan.FromSeconds(31));

        Assert.Equal(asked + 1, Asks.Count());
        Assert.Equal(["m1"], Last.Minions);
        await PassAsync(TimeSpan.FromSeconds(31));
        Assert.Equal(asked + 1, Asks.Count());
    }

    [Fact]
    public async Task Patience_ends_and_the_guess_says_so()
    {
        var (action, _) = await OverdueAsync(change: order => order with { GiveUpAfterSeconds = 86_400 });
        await PassAsync(TimeSpan.FromMinutes(1));
        await PassAsync(TimeSpan.FromHours(21));
        Assert.Equal("Running", (await rig.ReadAsync(action)).Status);

        await PassAsync(TimeSpan.FromHours(3));

        Assert.Equal("Failed", (await rig.ReadAsync(action)).Status);
        Assert.Equal(2, await database.ScalarAsync<long>("select count(*) from action_target where guessed"));
        Assert.Equal(0, await database.ScalarAsync<int>("select waiting from action_counts"));
    }

    [Fact]
    public async Task A_late_return_takes_back_an_attempt_that_is_still_queued()
    {
        var (action, jid) = await LoseAsync();
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        await PassAsync(TimeSpan.FromMinutes(5));
        Assert.Single(rig.Salt[0].Submissions, one => one.Function == "state.apply");
        Assert.Equal("1 Completed", await AttemptsAsync());
    }

    [Fact]
    public async Task A_late_return_is_history_once_the_next_attempt_is_out_and_the_last_word_if_that_brings_none()
    {
        var (action, jid) = await LoseAsync();
        await PassAsync(TimeSpan.FromMinutes(2));
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);

        rig.Clock.Advance(TimeSpan.FromHours(2));
        await rig.GiveUpAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Contains("by attempt 1", await ReasonAsync(), OrdinalText);
        Assert.False(await database.ScalarAsync<bool>("select guessed from action_target where minion_key = 1"));
    }

    [Theory]
    [InlineData(3, "Queued", "1 Completed, 2 Completed")]
    [InlineData(2, "Failed", "1 Completed, 2 Completed")]
    public async Task A_late_return_of_the_first_attempt_is_the_last_word_after_the_second_was_lost(
        int maxAttempts, string before, string attempts)
    {
        var (action, jid) = await LoseAsync(order => order with { MaxAttempts = maxAttempts });
        await PassAsync(TimeSpan.FromMinutes(2));
        await PassAsync(TimeSpan.FromHours(2));
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        Assert.Equal(before, (await rig.StatusesAsync(action))["m1"]);

        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal("by attempt 1, which returned late", await ReasonAsync());
        Assert.Equal(attempts, await AttemptsAsync());
        Assert.Equal("0 queued, 1 completed, 0 failed", await database.ScalarAsync<string>(
            "select queued || ' queued, ' || completed || ' completed, ' || failed || ' failed' from action_counts "
            + "where action_id = $1", action.Value));
        var sent = rig.Salt[0].Submissions.Count(one => one.Function == "state.apply");
        await PassAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(sent, rig.Salt[0].Submissions.Count(one => one.Function == "state.apply"));

        var second = rig.Salt[0].Submissions.Last(one => one.Function == "state.apply").Jid;
        await rig.ReturnAsync(second, "m1");
        await rig.SettleAsync();
        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Null(await ReasonAsync());
        Assert.True(await database.ScalarAsync<bool>(
            "select returned_at is not null from action_target where minion_key = 1"));
    }

    [Fact]
    public async Task What_returned_late_is_the_last_word_if_the_minion_is_too_busy_for_the_next_attempt()
    {
        var (action, jid) = await LoseAsync();
        await PassAsync(TimeSpan.FromMinutes(2));
        var second = rig.Salt[0].Submissions.Last(one => one.Function == "state.apply").Jid;
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);

        await rig.ReturnAsync(second, "m1", Busy, 1, "state.apply");
        await rig.SettleAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Contains("by attempt 1", await ReasonAsync(), OrdinalText);
    }

    [Fact]
    public async Task What_returned_late_is_the_last_word_if_the_next_attempt_was_never_sent()
    {
        var (action, jid) = await LoseAsync();
        rig.Salt[0].OnTheWay = async _ =>
        {
            await rig.ReturnAsync(jid, "m1");
            await rig.SettleAsync();
        };
        rig.Salt[0].Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);
        await PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal("1 Completed", await AttemptsAsync());
    }

    [Fact]
    public async Task What_returns_from_before_a_users_reschedule_says_nothing_of_what_came_after_it()
    {
        var (action, jid) = await OverdueAsync(change: order => order with { MaxAttempts = 1 });
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await PassAsync(TimeSpan.FromHours(2));
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);

        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal("1 Completed, 2 Failed", await AttemptsAsync());
    }

    [Fact]
    public async Task What_returns_from_before_a_reschedule_is_the_last_word_if_it_came_during_an_attempt_in_vain()
    {
        var (action, jid) = await OverdueAsync(change: order => order with { MaxAttempts = 1 });
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
        await PassAsync(TimeSpan.FromHours(2));
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Contains("by attempt 1", await ReasonAsync(), OrdinalText);
    }

    [Fact]
    public async Task A_late_return_of_a_target_that_was_cancelled_meanwhile_says_that_it_ran_anyway()
    {
        var (action, jid) = await LoseAsync();
        await rig.Get<Cancelling>().CancelAsync(action, ["m1"], "ann", CancellationToken.None);
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();

        Assert.Equal("Cancelled", (await rig.StatusesAsync(action))["m1"]);
        Assert.True(await database.ScalarAsync<bool>("select ran_anyway from action_target where minion_key = 1"));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"Passed invalid arguments\"")]
    public async Task An_answer_that_proves_nothing_lets_nothing_unsafe_run_again(string answer)
    {
        var (action, _) = await OverdueAsync("script.run", Script, order => order with { MaxAttempts = 2 });
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", answer);

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Contains("whether it ran is not known", await ReasonAsync(), OrdinalText);
    }

    [Fact]
    public async Task A_kept_return_of_any_shape_settles_and_holds_up_nobody()
    {
        var (action, jid) = await OverdueAsync();
        await MissingTwiceAsync("m1");
        var deep = new string('[', 300) + new string(']', 300);
        await AnswerAsync(
            "m1", $$"""{"jid":"{{jid}}","jid":"{{jid}}","fun":"state.apply","return":{{deep}},"retcode":1,"cmd":1}""");
        await rig.SettleAsync();

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.False(await database.ScalarAsync<bool>("select guessed from action_target where minion_key = 1"));
    }

    [Fact]
    public async Task An_answer_that_nobody_can_read_is_no_answer()
    {
        var (action, _) = await OverdueAsync();
        await database.ExecuteAsync(
            """
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
            values ('saltutil.find_job', $1, '7', 'm1', 'true', '"not an object"', $2)
            """,
            Last.Jid, rig.Clock.GetUtcNow());
        await rig.SettleAsync();

        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("m1", Last.Minions);
    }

    [Fact]
    public async Task A_job_that_outlasts_all_patience_fails_and_the_reason_says_that_it_ran()
    {
        var (action, _) = await OverdueAsync(change: order => order with { GiveUpAfterSeconds = 8_000 });
        await AnswerAsync("m1", Running);
        await PassAsync(TimeSpan.FromMinutes(15));

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Contains("it still ran", await ReasonAsync(), OrdinalText);
    }
}
