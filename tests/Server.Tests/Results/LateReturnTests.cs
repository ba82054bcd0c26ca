using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Results;
using Saltern.Server.Tests.Rig;
using Xunit;

namespace Saltern.Server.Tests.Results;

public sealed class LateReturnTests(PostgresServer server) : CoreGround(server)
{
    [Fact]
    public async Task Who_has_not_answered_by_the_deadline_fails_as_a_guess()
    {
        var (action, _) = await MissTheDeadlineAsync();

        var (status, counts) = await rig.ReadAsync(action);
        Assert.Equal(("Failed", 1, 1), (status, counts.Completed, counts.Failed));
        Assert.True(await database.ScalarAsync<bool>("select bool_or(guessed) from action_target"));
        Assert.Contains(
            "no answer", await database.ScalarAsync<string>("select max(reason) from action_target where guessed"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_late_return_replaces_the_guess()
    {
        var (action, jid) = await MissTheDeadlineAsync();
        await rig.ReturnAsync(jid, "m2");
        await rig.SettleAsync();

        var (status, counts) = await rig.ReadAsync(action);
        Assert.Equal(("Completed", 2, 0), (status, counts.Completed, counts.Failed));
        Assert.False(await database.ScalarAsync<bool>("select bool_or(guessed) from action_target"));
    }

    [Fact]
    public async Task A_late_return_after_a_reschedule_is_history_only()
    {
        var (action, jid) = await MissTheDeadlineAsync();
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "tester", CancellationToken.None);
        await rig.ReturnAsync(jid, "m2");
        await rig.SettleAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m2"]);

        await rig.DispatchAsync();
        Assert.Equal(["m2"], rig.Salt[0].Submissions.Last().Minions);
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m2", retcode: 1);
        await rig.SettleAsync();

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m2"]);
        Assert.Equal("Completed", await database.ScalarAsync<string>(
            """
            select status from attempt
            where number = 1 and minion_key = (select minion_key from minion where minion_id = 'm2')
            """));
    }

    [Fact]
    public async Task A_late_return_that_meets_its_reschedule_is_history_with_the_truth()
    {
        var (action, jid) = await MissTheDeadlineAsync();
        await rig.ReturnAsync(jid, "m2");
        await using var rescheduling = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await rescheduling.BeginTransactionAsync();
        Assert.NotEmpty(await Statement.QueryAsync(
            rescheduling, Rescheduling.RequeueSql, [action.Value, new[] { "Failed" }, null], row => row.GetInt32(1),
            CancellationToken.None));
        var settling = rig.SettleAsync();
        await UntilLockedAsync(settling);
        await database.ExecuteAsync("update action_counts set queued = queued + 1, failed = failed - 1");
        await transaction.CommitAsync();
        await settling;

        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m2"]);
        Assert.Equal("Completed not guessed, 0 repeats", await database.ScalarAsync<string>(
            """
            select status || case when guessed then ' guessed' else ' not guessed' end || ', ' || repeats || ' repeats'
            from attempt where number = 1 and minion_key = (select minion_key from minion where minion_id = 'm2')
            """));
    }

    [Fact]
    public async Task A_late_answer_that_the_minion_was_busy_replaces_the_guess()
    {
        var action = await rig.ScheduleAsync("state.apply");
        await rig.DispatchAsync();
        var jid = rig.Salt[0].Submissions.Last().Jid;
        rig.Clock.Advance(TimeSpan.FromDays(1));
        await rig.GiveUpAsync();
        await rig.ReturnAsync(
            jid, "m2", """["The function \"state.apply\" is running as PID 18995 and was started at 2026"]""", 1,
            "state.apply");
        await rig.SettleAsync();

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m2"]);
        Assert.StartsWith("it did not run", await database.ScalarAsync<string>(
            """
            select t.reason from action_target t join minion m using (minion_key)
            where m.minion_id = 'm2' and not guessed
            """),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rescheduling_the_failed_of_an_action_that_goes_on_does_not_put_off_the_rest()
    {
        var action = await rig.ScheduleAsync(change: order => order with { BatchSize = 1 });
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1", retcode: 1);
        await rig.SettleAsync();
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, rig.Clock.GetUtcNow().AddHours(1), "tester", CancellationToken.None);

        await rig.DispatchAsync();
        Assert.Equal(["m2"], rig.Salt[0].Submissions.Last().Minions);
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m2");
        await rig.SettleAsync();
        await rig.DispatchAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        rig.Clock.Advance(TimeSpan.FromHours(1));
        await rig.DispatchAsync();

        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_return_that_the_trigger_missed_is_found_by_the_sweep_and_not_taken_for_silence()
    {
        await database.ExecuteAsync("alter table salt.salt_returns disable trigger take_return");
        var action = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        foreach (var minion in new[] { "m1", "m2" })
        {
            await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, minion);
        }

        rig.Clock.Advance(TimeSpan.FromHours(2));
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        await rig.SettleAsync();
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);

        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
    }

    private async Task<(ActionId Action, string Jid)> MissTheDeadlineAsync()
    {
        var action = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        var jid = rig.Salt[0].Submissions.Last().Jid;
        await rig.ReturnAsync(jid, "m1");
        await rig.SettleAsync();
        rig.Clock.Advance(TimeSpan.FromHours(2));
        await rig.GiveUpAsync();
        return (action, jid);
    }
}
