using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Results;

namespace Saltern.Server.Tests.Results;

/// <summary>What becomes of a target whose minion does not return in time.</summary>
public sealed class WatchTests(PostgresServer server) : IAsyncLifetime
{
    private const string Script = """{"script":"#!/bin/sh\necho x\n"}""";
    private const string Running = """{"pid":23390,"fun":"state.apply","jid":"x"}""";
    private const string NotCached =
        "\"Local jobs cache directory /var/cache/salt/minion/minion_jobs/20260302080000000001_s1 not found\"";

    private const string CacheIsOff =
        "\"Local jobs cache directory not found; you may need to enable cache_jobs on this minion\"";

    private const StringComparison OrdinalText = StringComparison.Ordinal;

    private TestDatabase database = null!;
    private CoreRig rig = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(server);
        rig = await CoreRig.StartAsync(database, settings: ("MaxInFlight", "2"));
        await rig.AddMinionsAsync(2);
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await database.DisposeAsync();
    }

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
    [InlineData(NotCached, 1, "Failed", "was lost")]
    [InlineData(NotCached, 2, "Queued", "was lost")]
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
        await AnswerAsync("m1", Running);
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
    public async Task A_late_ping_does_not_count_as_an_answer_for_ever()
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
        var action = await rig.ScheduleAsync("system.reboot", target: new TargetSelection { Minions = ["m1"] });
        await rig.DispatchAsync();
        await AnswerAsync("m1", "\"0aa856f6-0000-4000-8000-000000000001\"", "file.read");
        await rig.DispatchAsync();
        await rig.ReturnAsync(Last.Jid, "m1", "\"Shutdown scheduled\"", 0, "system.reboot");
        await rig.SettleAsync();
        await PassAsync(TimeSpan.FromHours(2));
        await PassAsync(TimeSpan.FromMinutes(2));
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await database.ScalarAsync<int>("select waiting from action_counts"));
        Assert.DoesNotContain(rig.Salt[0].Submissions, one => one.Function == "saltutil.find_job");

        await rig.Get<SignsOfLife>().TouchAsync([new MinionKey(1)], CancellationToken.None);
        await rig.DispatchAsync();
        await AnswerAsync("m1", "\"0aa856f6-0000-4000-8000-000000000002\"", "file.read");

        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
        Assert.Equal(0, await database.ScalarAsync<int>("select waiting from action_counts"));
    }

    private IEnumerable<ScriptedSalt.Sent> Asks =>
        rig.Salt[0].Submissions.Where(one => one.Function.StartsWith("saltutil", OrdinalText));

    private ScriptedSalt.Sent Last => rig.Salt[0].Submissions.Last();

    private async Task<(ActionId Action, string Jid)> OverdueAsync(
        string kind = "state.apply", string arguments = "{}", Func<ActionOrder, ActionOrder>? change = null)
    {
        var action = await rig.ScheduleAsync(kind, arguments, change: change);
        await rig.DispatchAsync();
        var jid = Last.Jid;
        await PassAsync(TimeSpan.FromHours(2));
        return (action, jid);
    }

    /// <summary>The first attempt of m1 is lost, and the second waits for its time.</summary>
    private async Task<(ActionId Action, string Jid)> LoseAsync()
    {
        var (action, jid) = await OverdueAsync();
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        return (action, jid);
    }

    private async Task MissingTwiceAsync(string minion)
    {
        await AnswerAsync(minion, "{}");
        await PassAsync(TimeSpan.FromMinutes(4.5));
        await AnswerAsync(minion, "{}");
        await rig.DispatchAsync();
    }

    private async Task PassAsync(TimeSpan time)
    {
        rig.Clock.Advance(time);
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        await rig.DispatchAsync();
    }

    /// <summary>Answers the last ask that this minion got.</summary>
    private async Task AnswerAsync(string minion, string returned, string? function = null)
    {
        var ask = rig.Salt[0].Submissions.Last(one => one.Minions.Contains(minion));
        await rig.ReturnAsync(ask.Jid, minion, returned, 0, function ?? ask.Function);
        await rig.SettleAsync();
    }

    private Task<string?> AttemptsAsync() => database.ScalarAsync<string>(
        "select string_agg(number || ' ' || status, ', ' order by number) from attempt where minion_key = 1");

    private Task<string?> ReasonAsync() =>
        database.ScalarAsync<string>("select reason from action_target where minion_key = 1");
}
