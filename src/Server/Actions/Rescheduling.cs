using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>Queues final targets again at a user's order. Their earlier attempts stay on record.</summary>
internal sealed class Rescheduling(
    NpgsqlDataSource database, Bells bells, IOptions<ActionsOptions> options, TimeProvider clock)
{
    public async Task<OrderOutcome> RescheduleAsync(
        ActionId action,
        RescheduleScope scope,
        DateTimeOffset? earliestAt,
        string actor,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var earliest = earliestAt ?? now;
        if (earliest < now - options.Value.PastGrace)
        {
            return new OrderOutcome.Refused($"the earliest time {earliest:u} is in the past (now is {now:u}); "
                + "leave it out to run at once, or give a time to come; nothing was changed");
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var expires = earliest + options.Value.ExpiresAfter;
        await Counters.LockAsync(connection, [action.Value], cancellationToken);
        var reopened = await Statement.QueryAsync(
            connection, ReopenSql, [action.Value, earliest, expires],
            row => row.GetFieldValue<DateTimeOffset>(0), cancellationToken);
        if (reopened.Count == 0)
        {
            return new OrderOutcome.NotFound();
        }

        if (reopened[0] <= earliest)
        {
            return new OrderOutcome.Refused(
                $"action {action} is still running and expires at {reopened[0]:u}, before {earliest:u}; "
                + "wait for its end, or give an earlier time; nothing was changed");
        }

        var statuses = scope == RescheduleScope.All
            ? new[] { "Completed", "Failed", "Cancelled", "Skipped" }
            : ["Failed", "Skipped"];
        var moved = await Statement.QueryAsync(
            connection, RequeueSql, [action.Value, statuses, earliest > now ? earliest : null],
            row => (Status: Enum.Parse<TargetStatus>(row.GetString(0)), Count: row.GetInt32(1)), cancellationToken);
        if (moved.Count == 0)
        {
            return new OrderOutcome.Refused(
                $"action {action} has no target that could run again: none is {string.Join(" or ", statuses)}");
        }

        var counters = new Counters();
        foreach (var (status, count) in moved)
        {
            counters.Add(action, CountChange.Move(status, TargetStatus.Queued, count));
        }

        var targets = moved.Sum(one => one.Count);
        var detail = JsonSerializer.Serialize(new { scope = scope.ToString(), earliestAt = earliest, targets });
        await Orders.RecordAsync(connection, action, "reschedule", actor, now, detail, cancellationToken);
        await counters.ApplyAsync(connection, now, cancellationToken);
        // What was answered before belongs to the attempts that ended.
        await Statement.ExecuteAsync(connection, Deleting.DeleteAsksSql, [action.Value], cancellationToken);
        await Statement.ExecuteAsync(connection, RingSql, [], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        bells.Due.Ring();
        return new OrderOutcome.Done(targets);
    }

    /// <summary>An action that goes on keeps its own time; only what is queued again waits for the new one.</summary>
    internal const string ReopenSql = """
        update action
        set earliest_at = case when ended_at is null then earliest_at else $2 end,
            expires_at = case when ended_at is null then expires_at else greatest(expires_at, $3) end,
            cancelled_at = null, archived_at = null
        where id = $1
        returning expires_at
        """;

    internal const string RequeueSql = """
        with final as (
            select * from action_target
            where action_id = $1 and status = any($2::text[]) order by minion_key for update),
        kept as (
            insert into earlier_attempt (action_id, minion_key, number, submission_id, status, guessed, picked_up_at,
                                         returned_at, ended_at, repeats, reason)
            select action_id, minion_key, attempt, submission_id, status, guessed, picked_up_at,
                   returned_at, settled_at, repeats, reason
            from final where submission_id is not null),
        queued as (
            update action_target t
            set status = 'Queued', settled_at = null, picked_up_at = null, returned_at = null, submission_id = null,
                not_before = $3, guessed = false, ran_anyway = false, repeats = 0, reason = null
            from final f where t.action_id = f.action_id and t.minion_key = f.minion_key
            returning f.status)
        select status, count(*)::int from queued group by status
        """;

    internal const string RingSql = "notify saltern_due";
}
