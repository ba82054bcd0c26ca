using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// The orders that follow real runs which succeeded: restarts, then what has the minions tell of their products and
/// repositories; these are ordered when the restart has ended, so that they tell of what is there then. Orders are
/// collected: those of a migration are given together as soon as none of its minions is queued or under way any more,
/// and those of one that goes on for hours now and then.
/// </summary>
internal sealed class CheckOrders(NpgsqlConnection connection, OwnOrders orders, DateTimeOffset now)
{
    private const string Actor = "saltern";
    private const int Most = 5_000;
    private const string NotBack = "it does not answer since its restart was ordered; see whether it has come up again";

    private static readonly TimeSpan CollectRestarts = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CollectReads = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan TogetherWithin = TimeSpan.FromMinutes(5);

    /// <summary>A minion that is away for longer tells of itself when somebody has it told.</summary>
    private static readonly TimeSpan ReadWithin = TimeSpan.FromDays(30);

    /// <summary>Orders what is due and notes what has ended; returns how many looks went on.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await Statement.ExecuteAsync(connection, NotBackSql, [NotBack], cancellationToken);
        var moved = (await Statement.QueryAsync(
            connection, RestartedSql, [now, NotBack], row => row.GetInt64(0), cancellationToken)).Count;
        moved += await Statement.ExecuteAsync(connection, TooLateSql, [now], cancellationToken);
        moved += await OrderRestartsAsync(cancellationToken);
        moved += await OrderReadsAsync(cancellationToken);
        return moved;
    }

    /// <summary>Where each run has a time of its own, nobody's is cut by more than a few minutes.</summary>
    private async Task<int> OrderRestartsAsync(CancellationToken cancellationToken)
    {
        var restarts = await DueAsync(CheckState.Restart, CollectRestarts, cancellationToken);
        var groups = restarts.SelectMany(same => Near(same.Migration, same.Due)).ToList();
        foreach (var (migration, due) in groups)
        {
            var restart = await orders.WriteAsync(
                connection, "system.reboot", "restart after a migration", migration, [.. due.Select(Minion)],
                due[0].RestartBy!.Value, cancellationToken);
            await Statement.ExecuteAsync(
                connection, RestartingSql, [Ids(due), now, restart.Value], cancellationToken);
            await NoteAsync(migration, "restart ordered", due, [restart], cancellationToken);
        }

        return groups.Sum(group => group.Due.Count);
    }

    private async Task<int> OrderReadsAsync(CancellationToken cancellationToken)
    {
        var reads = (await DueAsync(CheckState.Read, CollectReads, cancellationToken)).ToList();
        foreach (var (migration, due) in reads)
        {
            var ordered = new List<ActionId>();
            foreach (var kind in (string[])["products.refresh", "repositories.refresh", "hardware.refresh"])
            {
                ordered.Add(await ReadAsync(kind, migration, due, cancellationToken));
            }

            await Statement.ExecuteAsync(
                connection, ReadingSql, [Ids(due), now, ordered[0].Value, ordered[1].Value], cancellationToken);
            await NoteAsync(migration, "what is installed is read", due, ordered, cancellationToken);
        }

        return reads.Sum(group => group.Due.Count);
    }

    private Task<ActionId> ReadAsync(
        string kind, ActionId migration, List<Due> due, CancellationToken cancellationToken) => orders.WriteAsync(
        connection, kind, "what a migration has led to", migration, [.. due.Select(Minion)], now + ReadWithin,
        cancellationToken);

    private async Task<IEnumerable<(ActionId Migration, List<Due> Due)>> DueAsync(
        CheckState state, TimeSpan collect, CancellationToken cancellationToken)
    {
        var due = await Statement.QueryAsync(
            connection, DueSql, [state.ToString(), now - collect, Most],
            row => new Due(
                row.GetInt64(0), new ActionId(row.GetInt64(1)), row.GetInt64(2), row.GetString(3), row.TimeOrNull(4)),
            cancellationToken);
        return due.GroupBy(one => one.Migration).Select(same => (same.Key, same.ToList()));
    }

    private static List<(ActionId Migration, List<Due> Due)> Near(ActionId migration, List<Due> due)
    {
        var groups = new List<(ActionId Migration, List<Due> Due)>();
        foreach (var one in due.OrderBy(one => one.RestartBy))
        {
            if (groups is [.., var (_, last)] && one.RestartBy - last[0].RestartBy <= TogetherWithin)
            {
                last.Add(one);
            }
            else
            {
                groups.Add((migration, [one]));
            }
        }

        return groups;
    }

    private Task NoteAsync(
        ActionId migration, string verb, List<Due> due, List<ActionId> ordered, CancellationToken cancellationToken) =>
        Orders.RecordAsync(
            connection, migration, verb, Actor, now,
            JsonSerializer.Serialize(new
            {
                changes = due.Count, actions = ordered.Select(one => one.Value),
                minions = due.Select(one => one.Name).Take(20),
            }),
            cancellationToken);

    private static (long Minion, string Name) Minion(Due due) => (due.Minion, due.Name);

    private static long[] Ids(List<Due> due) => [.. due.Select(one => one.Change)];

    private sealed record Due(
        long Change, ActionId Migration, long Minion, string Name, DateTimeOffset? RestartBy);

    /// <summary>
    /// All of a migration that has come to rest, its runs decided about, or whose first one has waited long enough.
    /// Reading waits for those that restart as well, but no longer than that. Indexes migration_check_under_way,
    /// action_counts_pkey, channel_change_open_of.
    /// </summary>
    internal const string DueSql = """
        with ripe as materialized (
            select k.action_id
            from migration_check k
            where k.state in ('Restart', 'Restarting', 'Read', 'Reading')
            group by k.action_id
            having min(k.since) filter (where k.state = $1) <= $2
                or count(*) filter (where k.state = $1) > 0
                   and ($1 = 'Restart' or count(*) filter (where k.state in ('Restart', 'Restarting')) = 0)
                   and not exists (
                       select 1 from action_counts n
                       where n.action_id = k.action_id and n.queued + n.picked_up - n.waiting > 0)
                   and not exists (
                       select 1 from channel_change c where c.action_id = k.action_id and c.state = 'Open'))
        select k.change_id, k.action_id, k.minion_key, m.minion_id, k.restart_by
        from ripe r
        join migration_check k on k.action_id = r.action_id and k.state = $1
        join minion m on m.minion_key = k.minion_key
        order by k.action_id, k.change_id
        limit $3
        for update of k skip locked
        """;

    /// <summary>How the run ended became known when it was too late for its restart.</summary>
    internal const string TooLateSql = """
        update migration_check
        set state = case when next_boot then 'Unread' else 'Read' end, since = $1, checked_at = $1,
            not_restarted = 'how the run ended became known too late for its restart',
            reason = case when next_boot then 'what it changed is there after the next boot' end
        where state = 'Restart' and restart_by <= $1
        """;

    internal const string RestartingSql = """
        update migration_check set state = 'Restarting', since = $2, restart_action_id = $3
        where change_id = any($1::bigint[])
        """;

    /// <summary>
    /// A machine that does not come back is for a person, until it does or its restart has ended otherwise; once
    /// somebody has looked at it, no more. Index migration_check_under_way.
    /// </summary>
    internal const string NotBackSql = """
        with due as (
            select c.id, b.away
            from migration_check k
            join channel_change c on c.id = k.change_id
            left join action_target t on t.action_id = k.restart_action_id and t.minion_key = k.minion_key
            cross join lateral (select coalesce(t.status = 'PickedUp' and t.waits, false) as away) b
            where k.state = 'Restarting' and c.state = 'Kept'
              and (b.away and c.attention is null and position($1::text in coalesce(c.reason, '')) = 0
                   or not b.away and c.attention = $1::text)
            order by c.id
            for update of c skip locked)
        update channel_change c set attention = case when d.away then $1::text end
        from due d where c.id = d.id
        """;

    /// <summary>
    /// Whatever became of the restart; what is there after the next boot only is not read before. The state is asked of
    /// the row that is changed: another node may have moved it on while this one waited for its lock. That it does not
    /// answer is no news any more.
    /// </summary>
    internal const string RestartedSql = """
        with moved as (
            update migration_check k
            set state = case when k.next_boot and e.failure is not null then 'Unread' else 'Read' end, since = $1,
                checked_at = $1, next_boot = k.next_boot and e.failure is not null, not_restarted = e.failure,
                reason = case when k.next_boot and e.failure is not null
                              then 'what it changed is there after the next boot' end
            from migration_check x
            left join action_target t on t.action_id = x.restart_action_id and t.minion_key = x.minion_key
            cross join lateral (
                select case when t.status = 'Completed' then null
                            else coalesce(t.reason, lower(t.status), 'its order is gone') end as failure) e
            where k.change_id = x.change_id and x.state = 'Restarting'
              and k.state = 'Restarting' and (t.status is null or t.status not in ('Queued', 'PickedUp'))
            returning k.change_id),
        answered as (
            update channel_change c set attention = null from moved where c.id = moved.change_id and c.attention = $2)
        select change_id from moved
        """;

    internal const string ReadingSql = """
        update migration_check
        set state = 'Reading', since = $2, products_action_id = $3, repositories_action_id = $4
        where change_id = any($1::bigint[])
        """;
}
