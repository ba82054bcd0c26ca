using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Ends targets that are still queued when their action expires (what could not start in time never does), and those
/// that came back to the queue in the very moment their action was cancelled.
/// </summary>
internal sealed class Expiry(NpgsqlDataSource database, TimeProvider clock)
{
    private const int MostTargets = 20_000;
    private const int MostActions = 200;

    /// <summary>One bounded pass; returns how many targets were ended.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Counters first, as for all that ends what is queued: a cancel of the same action waits here, or we for it.
        var due = (await Statement.QueryAsync(
            connection, DueSql, [now, MostActions], row => row.GetInt64(0), cancellationToken)).ToArray();
        if (due.Length == 0)
        {
            return 0;
        }

        await Counters.LockAsync(connection, due, cancellationToken);
        var ended = await Statement.QueryAsync(
            connection, EndSql, [now, MostTargets, due],
            row => (Action: new ActionId(row.GetInt64(0)), Status: Enum.Parse<TargetStatus>(row.GetString(1)),
                Count: row.GetInt32(2)),
            cancellationToken);
        var counters = new Counters();
        foreach (var (action, status, count) in ended)
        {
            counters.Add(action, CountChange.Move(TargetStatus.Queued, status, count));
        }

        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ended.Sum(one => one.Count);
    }

    /// <summary>Only those that have something left to end.</summary>
    internal const string DueSql = """
        select a.id from action a join action_counts c on c.action_id = a.id
        where a.status in ('Scheduled', 'Running', 'Halted') and c.queued > 0
          and (a.expires_at <= $1 or a.cancelled_at is not null)
        order by a.id limit $2
        """;

    internal const string EndSql = """
        with due as (
            select t.action_id, t.minion_key, a.cancelled_at is not null as cancelled
            from action a
            join action_counts c on c.action_id = a.id
            join action_target t on t.action_id = a.id and t.status = 'Queued'
            where a.id = any($3::bigint[]) and a.status in ('Scheduled', 'Running', 'Halted') and c.queued > 0
              and (a.expires_at <= $1 or a.cancelled_at is not null)
            limit $2
            for update of t skip locked),
        ended as (
            update action_target t
            set status = case when d.cancelled then 'Cancelled' else 'Skipped' end, settled_at = $1, not_before = null,
                reason = case when d.cancelled then 'cancelled' else 'expired before it could start' end
                    || coalesce(' (' || t.reason || ')', '')
            from due d where t.action_id = d.action_id and t.minion_key = d.minion_key
            returning t.action_id, t.status)
        select action_id, status, count(*)::int from ended group by action_id, status order by action_id
        """;
}
