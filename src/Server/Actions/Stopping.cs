using System.Text.Json;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Stops what runs: the minions of picked-up targets are told to end the job (<c>saltutil.term_job</c>), after a while
/// to kill it, and asked whether it is gone. A killed job returns nothing, so the order itself leads to the end; a
/// return that arrives after all has the last word. Nothing that is queued is touched: that is what cancelling is for.
/// </summary>
internal sealed class Stopping(Transactions transactions, Bells bells, TimeProvider clock)
{
    private const int MostRecorded = 20;

    /// <summary>Stops all that is picked up, or only these minions (Salt's minion ids).</summary>
    public async Task<OrderOutcome> StopAsync(
        ActionId action, IReadOnlyList<string>? minions, string actor, CancellationToken cancellationToken)
    {
        var outcome = await transactions.RunAsync(
            (connection, transaction) => StopAsync(connection, transaction, action, minions, actor, cancellationToken),
            cancellationToken);
        bells.Due.Ring();
        return outcome;
    }

    private async Task<OrderOutcome> StopAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ActionId action, IReadOnlyList<string>? minions,
        string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var found = await Statement.QueryAsync(
            connection, Deleting.StatusSql, [action.Value], row => row.GetString(0), cancellationToken);
        if (found.Count == 0)
        {
            return new OrderOutcome.NotFound();
        }

        var stopping = await Statement.ExecuteAsync(
            connection, StopSql, [action.Value, now, actor, minions?.ToArray()], transactions.FleetTimeout,
            cancellationToken);
        var detail = JsonSerializer.Serialize(
            new { minions = minions?.Take(MostRecorded), named = minions?.Count, targets = stopping });
        await Orders.RecordAsync(connection, action, "stop", actor, now, detail, cancellationToken);
        await Counters.TellAsync(connection, action, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new OrderOutcome.Done(stopping);
    }

    /// <summary>Index action_target_by_status. A target that has returned is not running its job any more.</summary>
    internal const string StopSql = """
        with stopped as (
            update action_target t set stopped_by = $3, reason = 'being stopped by ' || $3
            from (select t.action_id, t.minion_key
                  from action_target t join minion m on m.minion_key = t.minion_key
                  where t.action_id = $1 and t.status = 'PickedUp' and t.returned_at is null
                    and ($4::text[] is null or m.minion_id = any($4::text[]))
                  order by t.minion_key
                  for update of t) c
            where t.action_id = c.action_id and t.minion_key = c.minion_key
            returning t.action_id, t.minion_key, t.submission_id)
        insert into ask (action_id, minion_key, purpose, about, due_at)
        select action_id, minion_key, 'TermJob', submission_id, $2 from stopped order by minion_key
        on conflict (action_id, minion_key, purpose) do update
        set about = excluded.about, due_at = excluded.due_at, submission_id = null, answered_at = null,
            answer = case when ask.about = excluded.about then ask.answer end, on_contact = false
        """;
}
