using System.Text.Json;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Cancels what is still queued, in one conditional update: a target is either cancelled or was picked up before, and
/// the caller learns which. A whole action that is cancelled stays so: a target that comes back to the queue later (its
/// call never left, its minion was busy) is cancelled then.
/// </summary>
internal sealed class Cancelling(Transactions transactions, Bells bells, TimeProvider clock)
{
    private const int MostNamed = 100;

    /// <summary>The log of orders keeps how many were named, and these; it is shown with the action.</summary>
    private const int MostRecorded = 20;

    /// <summary>Cancels the action, or only these of its minions (Salt's minion ids).</summary>
    public async Task<CancelOutcome> CancelAsync(
        ActionId action, IReadOnlyList<string>? minions, string actor, CancellationToken cancellationToken)
    {
        var outcome = await transactions.RunAsync(
            (connection, transaction) => CancelAsync(
                connection, transaction, action, minions, actor, cancellationToken),
            cancellationToken);
        bells.Due.Ring();
        return outcome;
    }

    private async Task<CancelOutcome> CancelAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ActionId action, IReadOnlyList<string>? minions,
        string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // Counters first, as a claim does: whoever comes second waits here, and sees what the first one did.
        await Counters.LockAsync(connection, [action.Value], transactions.FleetTimeout, cancellationToken);
        var found = await Statement.ExecuteAsync(
            connection, minions is null ? MarkSql : TouchSql, minions is null ? [action.Value, now] : [action.Value],
            cancellationToken);
        if (found == 0)
        {
            return new CancelOutcome.NotFound();
        }

        var wanted = minions?.ToArray();
        var cancelled = await Statement.QueryAsync(
            connection, CancelSql, [action.Value, now, $"cancelled by {actor}", wanted], row => row.GetInt64(0),
            transactions.FleetTimeout, cancellationToken);
        var others = await Statement.QueryAsync(
            connection, NotCancelledSql, [action.Value, wanted, MostNamed],
            row => (Name: row.GetString(0), All: row.GetInt64(1)), transactions.FleetTimeout, cancellationToken);
        var counters = new Counters();
        if (minions is null || cancelled.Count > 0)
        {
            counters.Add(
                action, CountChange.Move(TargetStatus.Queued, TargetStatus.Cancelled, cancelled.Count), cancelled);
        }

        var detail = JsonSerializer.Serialize(new
        {
            minions = minions?.Take(MostRecorded), named = minions?.Count, cancelled = cancelled.Count,
        });
        await Orders.RecordAsync(connection, action, "cancel", actor, now, detail, cancellationToken);
        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new CancelOutcome.Done(
            cancelled.Count, [.. others.Select(other => other.Name)], others.Count == 0 ? 0 : (int)others[0].All);
    }

    internal const string MarkSql = """
        update action
        set cancelled_at = case when ended_at is null then coalesce(cancelled_at, $2) else cancelled_at end
        where id = $1
        """;

    internal const string TouchSql = "update action set cancelled_at = cancelled_at where id = $1";

    internal const string CancelSql = """
        update action_target t set status = 'Cancelled', settled_at = $2, reason = $3, not_before = null
        from minion m
        where t.action_id = $1 and t.status = 'Queued' and m.minion_key = t.minion_key
          and ($4::text[] is null or m.minion_id = any($4::text[]))
        returning t.minion_key
        """;

    internal const string NotCancelledSql = """
        select m.minion_id, count(*) over ()
        from action_target t join minion m on m.minion_key = t.minion_key
        where t.action_id = $1 and (t.status = 'PickedUp' or $2::text[] is not null and t.status <> 'Cancelled')
          and ($2::text[] is null or m.minion_id = any($2::text[]))
        order by m.minion_id limit $3
        """;
}
