using Microsoft.Extensions.DependencyInjection;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Server.Tests.Rig;
using Xunit;

namespace Saltern.Server.Tests.Dispatch;

/// <summary>Leases live by the database's clock: tests end one by moving it into the past.</summary>
public sealed class TakingOverTests(PostgresServer server) : CoreGround(server)
{
    private static readonly MasterState First = new(1, "master1", false, true, null, false, TimeSpan.FromSeconds(15));

    [Fact]
    public async Task A_submission_whose_node_died_before_sending_is_sent_under_its_own_jid()
    {
        await rig.ScheduleAsync();
        var jid = await ClaimAndDieAsync();

        await rig.DispatchAsync();
        Assert.Empty(Salt.Submissions);
        await EndLeaseAsync();
        await rig.DispatchAsync();

        Assert.Equal(jid, Assert.Single(Salt.Submissions).Jid);
    }

    [Fact]
    public async Task What_came_of_a_call_is_written_even_if_all_sessions_end_during_it()
    {
        await rig.ScheduleAsync();
        Salt.OnTheWay = _ => database.KillSessionsAsync();

        await rig.DispatchAsync();

        Assert.Equal("Accepted", await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task What_was_never_sent_goes_back_where_its_master_is_down_by_now()
    {
        var action = await rig.ScheduleAsync();
        await ClaimAndDieAsync();
        Salt.IsUp = false;
        await rig.Get<Masters>().ReportDownAsync(
            Salt.Master, NotSentCause.Unreachable, "connection refused", CancellationToken.None);
        await EndLeaseAsync();

        await rig.DispatchAsync();

        Assert.Empty(Salt.Submissions);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("Queued", status));
        Assert.Equal("NotSent", await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task After_a_call_that_could_not_be_made_the_rest_of_the_pass_goes_back_unsent()
    {
        for (var action = 0; action < 5; action++)
        {
            await rig.ScheduleAsync("ping");
        }

        Salt.Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);

        await rig.DispatchAsync();

        Assert.InRange(Salt.Submissions.Count, 1, 2);
        Assert.Equal(10, await database.ScalarAsync<long>(
            "select count(*) from action_target where status = 'Queued'"));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from submission where outcome is null"));
    }

    [Fact]
    public async Task An_unclear_call_with_a_trace_in_the_job_cache_is_never_sent_again()
    {
        await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Unclear("500");
        await rig.DispatchAsync();
        await database.ExecuteAsync(
            "insert into salt.jids (jid, load) values ($1, '{}')", Salt.Submissions.First().Jid);
        await EndLeaseAsync(sentSecondsAgo: 30);

        await rig.DispatchAsync();

        Assert.Single(Salt.Submissions);
        Assert.Equal("Accepted", await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task An_unclear_call_is_left_alone_until_the_masters_own_time_out_is_over()
    {
        await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Unclear("time-out");
        await rig.DispatchAsync();
        await EndLeaseAsync(sentSecondsAgo: 19);

        await rig.DispatchAsync();

        Assert.Single(Salt.Submissions);
        Assert.Null(await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task An_unclear_call_without_a_trace_is_sent_once_more_with_the_same_jid_to_those_without_a_return()
    {
        await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Unclear("time-out");
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(30));
        await EndLeaseAsync(sentSecondsAgo: 30);
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(30));
        await EndLeaseAsync(sentSecondsAgo: 40);
        await rig.DispatchAsync();

        Assert.Equal(2, Salt.Submissions.Count);
        Assert.Single(Salt.Submissions.Select(sent => sent.Jid).Distinct());
        Assert.Equal("Unclear", await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task A_second_call_that_is_refused_or_never_leaves_says_nothing_about_the_first()
    {
        var action = await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Unclear("time-out");
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(30));
        await EndLeaseAsync(sentSecondsAgo: 30);
        Salt.Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);
        await rig.DispatchAsync();

        Assert.Equal(2, Salt.Submissions.Count);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
        await rig.ReturnAsync(Salt.Submissions.First().Jid, "m1");
        await rig.SettleAsync();
        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task What_was_never_sent_is_not_late_and_has_its_whole_time_from_the_first_call_on()
    {
        var action = await rig.ScheduleAsync();
        await ClaimAndDieAsync();
        await EndLeaseAsync();
        rig.Clock.Advance(TimeSpan.FromHours(3));
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));

        await rig.DispatchAsync();
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);

        Assert.Single(Salt.Submissions);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
    }

    [Fact]
    public async Task A_call_that_was_never_sent_does_not_leave_after_its_action_was_cancelled()
    {
        var action = await rig.ScheduleAsync();
        await ClaimAndDieAsync();
        await rig.Get<Cancelling>().CancelAsync(action, null, "tester", CancellationToken.None);
        await EndLeaseAsync();

        await rig.DispatchAsync();

        Assert.Empty(Salt.Submissions);
        Assert.Equal("Cancelled", (await rig.ReadAsync(action)).Status);
    }

    [Fact]
    public async Task Later_than_a_minute_an_unclear_call_is_not_sent_again()
    {
        await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Unclear("time-out");
        await rig.DispatchAsync();
        await EndLeaseAsync(sentSecondsAgo: 61);

        await rig.DispatchAsync();

        Assert.Single(Salt.Submissions);
        Assert.Equal("Unclear", await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task An_unclear_script_is_never_sent_again()
    {
        await rig.ScheduleAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""");
        Salt.Answer = _ => new SubmitOutcome.Unclear("time-out");
        await rig.DispatchAsync();
        await EndLeaseAsync(sentSecondsAgo: 30);

        await rig.DispatchAsync();

        Assert.Single(Salt.Submissions);
        Assert.Equal("Unclear", await database.ScalarAsync<string>("select outcome from submission"));
    }

    [Fact]
    public async Task A_node_that_slept_past_its_lease_does_not_send()
    {
        await rig.ScheduleAsync();
        var settings = new SaltMasterOptions { Name = "master1" };
        var submission = Assert.Single(await rig.Get<Claiming>().ClaimAsync(First, settings, CancellationToken.None));
        await EndLeaseAsync();
        var awake = await rig.Get<Submitting>().SendAsync(submission, 0, First, Salt, CancellationToken.None);

        Assert.Null(awake);
        Assert.Empty(Salt.Submissions);
    }

    [Fact]
    public async Task A_process_that_slept_does_not_send_what_another_one_under_its_name_has_sent()
    {
        await rig.ScheduleAsync("script.run", """{"script":"#!/bin/sh\necho x\n"}""");
        var settings = new SaltMasterOptions { Name = "master1" };
        var submission = Assert.Single(await rig.Get<Claiming>().ClaimAsync(First, settings, CancellationToken.None));
        await EndLeaseAsync();
        Salt.Answer = _ => new SubmitOutcome.Unclear("time-out");
        await rig.DispatchAsync();
        Assert.Single(Salt.Submissions);

        Assert.Null(await rig.Get<Submitting>().SendAsync(submission, 0, First, Salt, CancellationToken.None));

        Assert.Single(Salt.Submissions);
    }

    [Fact]
    public async Task A_process_that_slept_through_its_call_gives_nothing_back_of_what_was_sent_since()
    {
        var action = await rig.ScheduleAsync();
        Salt.OnTheWay = async _ =>
        {
            Salt.OnTheWay = _ => Task.CompletedTask;
            await EndLeaseAsync(sentSecondsAgo: 30);
            Salt.Answer = _ => new SubmitOutcome.Unclear("time-out");
            await rig.Get<TakingOver>().RunOnceAsync(First, Salt, maySend: true, CancellationToken.None);
            Salt.Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);
        };

        await rig.DispatchAsync();

        Assert.Equal(2, Salt.Submissions.Count);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
    }

    [Fact]
    public async Task A_node_that_slept_through_its_call_and_wakes_up_with_an_old_answer_changes_nothing()
    {
        var action = await rig.ScheduleAsync();
        await using var other = await CoreRig.StartAsync(database);
        var othersCall = new TaskCompletionSource();
        var answered = new TaskCompletionSource();
        other.Salt[0].OnTheWay = async _ =>
        {
            othersCall.SetResult();
            await answered.Task;
        };
        Task<int>? others = null;
        Salt.OnTheWay = async _ =>
        {
            await EndLeaseAsync(sentSecondsAgo: 30);
            others = other.DispatchAsync();
            await othersCall.Task;
        };
        Salt.Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);

        await rig.DispatchAsync();
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
        answered.SetResult();
        await others!;

        Assert.Single(other.Salt[0].Submissions);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
    }

    [Fact]
    public async Task A_submission_whose_time_was_up_before_it_was_sent_gives_its_targets_back_to_expire()
    {
        var action = await rig.ScheduleAsync(
            change: order => order with { ExpiresAt = rig.Clock.GetUtcNow().AddMinutes(1) });
        await ClaimAndDieAsync();
        await EndLeaseAsync();
        rig.Clock.Advance(TimeSpan.FromMinutes(2));

        await rig.DispatchAsync();
        await rig.DispatchAsync();

        Assert.Empty(Salt.Submissions);
        Assert.Equal(2, (await rig.ReadAsync(action)).Counts.Skipped);
    }

    /// <summary>Claims as a node does that dies right after its commit; returns the jid it left behind.</summary>
    private async Task<string> ClaimAndDieAsync()
    {
        await using var doomed = await CoreRig.StartAsync(database);
        await doomed.Get<Claiming>().ClaimAsync(
            new MasterState(1, "master1", false, true, null, false, TimeSpan.FromSeconds(15)),
            new SaltMasterOptions { Name = "master1" },
            CancellationToken.None);
        return (await database.ScalarAsync<string>("select jid from submission"))!;
    }

    private Task EndLeaseAsync(int sentSecondsAgo = 0) => database.ExecuteAsync(
        """
        update submission set lease_until = now() - interval '1 ms',
            first_sent_at = case when sends > 0 then now() - $1 * interval '1 second' end
        """,
        sentSecondsAgo);
}
