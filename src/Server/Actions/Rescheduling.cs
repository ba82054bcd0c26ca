using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>Queues final targets again at a user's order. Their earlier attempts stay on record.</summary>
internal sealed class Rescheduling(
    Transactions transactions, ActionKinds kinds, Bells bells, IOptions<ActionsOptions> options, TimeProvider clock)
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

        var outcome = await transactions.RunAsync(
            (connection, transaction) => RescheduleAsync(
                connection, transaction, action, scope, earliest, actor, cancellationToken),
            cancellationToken);
        bells.Due.Ring();
        return outcome;
    }

    private async Task<OrderOutcome> RescheduleAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ActionId action, RescheduleScope scope,
        DateTimeOffset earliest, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var timeout = transactions.FleetTimeout;
        var expires = earliest + options.Value.ExpiresAfter;
        var statuses = scope == RescheduleScope.All
            ? new[] { "Completed", "Failed", "Cancelled", "Skipped" }
            : ["Failed", "Skipped"];
        // Targets first, as settling does: a late return may be putting a guess right at this moment.
        await Statement.ExecuteAsync(connection, LockSql, [action.Value, statuses], timeout, cancellationToken);
        await Counters.LockAsync(connection, [action.Value], timeout, cancellationToken);
        var reopened = await Statement.QueryAsync(
            connection, ReopenSql, [action.Value, earliest, expires],
            row => (Expires: row.GetFieldValue<DateTimeOffset>(0), Kind: row.GetString(1)), cancellationToken);
        if (reopened.Count == 0)
        {
            return new OrderOutcome.NotFound();
        }

        if (WhyNot(action, reopened[0].Kind, reopened[0].Expires, earliest) is { } reason)
        {
            return new OrderOutcome.Refused($"{reason}; nothing was changed");
        }

        var moved = await Statement.QueryAsync(
            connection, RequeueSql, [action.Value, statuses, earliest > now ? earliest : null],
            row => (Status: Enum.Parse<TargetStatus>(row.GetString(0)), Count: row.GetInt32(1)), timeout,
            cancellationToken);
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
        await Statement.ExecuteAsync(connection, ForgetAnswersSql, [action.Value], timeout, cancellationToken);
        await Statement.ExecuteAsync(connection, RingSql, [], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new OrderOutcome.Done(targets);
    }

    /// <summary>What a kind needs (a permission, say) is known only to a version that knows the kind.</summary>
    private string? WhyNot(ActionId action, string kind, DateTimeOffset expires, DateTimeOffset earliest)
    {
        if (kinds.Find(kind) is null)
        {
            return $"action {action} is of the kind {kind}, which this node's version of Saltern does not know; "
                + "order it from a node of the newer version";
        }

        return expires <= earliest
            ? $"action {action} is still running and expires at {expires:u}, before {earliest:u}; "
                + "wait for its end, or give an earlier time"
            : null;
    }

    internal const string LockSql = """
        select count(*) from (
            select 1 from action_target where action_id = $1 and status = any($2::text[])
            order by minion_key for update) as locked
        """;

    /// <summary>An action that goes on keeps its own time; only what is queued again waits for the new one.</summary>
    internal const string ReopenSql = """
        update action
        set earliest_at = case when ended_at is null then earliest_at else $2 end,
            expires_at = case when ended_at is null then expires_at else greatest(expires_at, $3) end,
            cancelled_at = null, archived_at = null
        where id = $1
        returning expires_at, kind
        """;

    /// <summary>What is known of earlier attempts is history, also where the new one brings no answer.</summary>
    internal const string RequeueSql = """
        with final as (
            select * from action_target
            where action_id = $1 and status = any($2::text[]) order by minion_key for update),
        kept as (
            insert into earlier_attempt (action_id, minion_key, number, submission_id, status, guessed, history,
                                         ordered, picked_up_at, returned_at, ended_at, repeats, reason)
            select action_id, minion_key, attempt, submission_id, status, guessed, not guessed, true, picked_up_at,
                   returned_at, settled_at, repeats, reason
            from final where submission_id is not null),
        past as (
            update earlier_attempt e set history = true
            from final f where e.action_id = f.action_id and e.minion_key = f.minion_key and not e.guessed
              and not e.history),
        queued as (
            update action_target t
            set status = 'Queued', settled_at = null, picked_up_at = null, returned_at = null, submission_id = null,
                not_before = $3, guessed = false, waits = false, stopped_by = null,
                ran_anyway = false, repeats = 0, reason = null, reorders = t.reorders + 1, ordered_after = t.attempt,
                earliest_at = a.earliest_at
            from final f join action a on a.id = f.action_id
            where t.action_id = f.action_id and t.minion_key = f.minion_key
            returning f.status)
        select status, count(*)::int from queued group by status
        """;

    /// <summary>
    /// What was answered before belongs to attempts that ended; a target in flight still waits for its answers.
    /// </summary>
    internal const string ForgetAnswersSql = """
        delete from ask k using action_target t
        where k.action_id = $1 and t.action_id = k.action_id and t.minion_key = k.minion_key and t.status = 'Queued'
        """;

    internal const string RingSql = "notify saltern_due";
}
