using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Skips targets that are still queued when their action expires: what could not start in time never does.
/// </summary>
internal sealed class Expiry(NpgsqlDataSource database, TimeProvider clock)
{
    private const int MostActions = 100;

    /// <summary>One bounded pass; returns how many targets were skipped.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var skipped = await Statement.QueryAsync(
            connection, SkipSql, [now, MostActions],
            row => (Action: new ActionId(row.GetInt64(0)), Count: row.GetInt32(1)), cancellationToken);
        var counters = new Counters();
        foreach (var (action, count) in skipped)
        {
            counters.Add(action, CountChange.Move(TargetStatus.Queued, TargetStatus.Skipped, count));
        }

        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return skipped.Sum(one => one.Count);
    }

    internal const string SkipSql = """
        with expired as (
            select a.id from action a join action_counts c on c.action_id = a.id
            where a.status in ('Scheduled', 'Running', 'Halted') and a.expires_at <= $1 and c.queued > 0
            order by a.id limit $2),
        skipped as (
            update action_target t
            set status = 'Skipped', settled_at = $1, not_before = null,
                reason = 'expired before it could start' || coalesce(' (' || t.reason || ')', '')
            from expired e where t.action_id = e.id and t.status = 'Queued'
            returning t.action_id)
        select action_id, count(*)::int from skipped group by action_id order by action_id
        """;
}
