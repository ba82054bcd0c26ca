using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// The kept counters of actions. A transaction collects what it moved and applies it once, at its end: the counter
/// rows are locked in order of their ids, so that no two transactions wait for each other, and held only till commit.
/// The action's status follows from its counters in the same statement.
/// </summary>
internal sealed class Counters
{
    private readonly Dictionary<ActionId, CountChange> changes = [];
    private readonly Dictionary<ActionId, List<long>> minions = [];

    /// <summary>More minions than this in one change are not named in the notification: pages read them anew.</summary>
    private const int MostNamed = 50;

    public bool Any => changes.Count > 0;

    public void Add(ActionId action, CountChange change, IEnumerable<long>? minionKeys = null)
    {
        changes[action] = changes.TryGetValue(action, out var sum) ? sum + change : change;
        if (!minions.TryGetValue(action, out var named))
        {
            minions[action] = named = [];
        }

        // Targets that moved without being named make the list incomplete: then none is named.
        var room = MostNamed + 1 - Math.Min(named.Count, MostNamed + 1);
        named.AddRange((minionKeys ?? Enumerable.Repeat(0L, room)).Take(room));
    }

    /// <summary>
    /// Writes the sums, derives each action's status and rings for the pages; call it last before commit. An action
    /// begins with the first target that is picked up: cancelling or skipping some before that begins nothing.
    /// </summary>
    public async Task ApplyAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var ids = changes.Keys.Select(id => id.Value).Order().ToArray();
        await LockAsync(connection, ids, cancellationToken);
        var sums = ids.Select(id => changes[new ActionId(id)]).ToArray();
        await Statement.ExecuteAsync(
            connection,
            ApplySql,
            [
                now,
                ids,
                sums.Select(sum => sum.Queued).ToArray(),
                sums.Select(sum => sum.PickedUp).ToArray(),
                sums.Select(sum => sum.Completed).ToArray(),
                sums.Select(sum => sum.Failed).ToArray(),
                sums.Select(sum => sum.Cancelled).ToArray(),
                sums.Select(sum => sum.Skipped).ToArray(),
                sums.Select(sum => sum.Waiting).ToArray(),
                ids.Select(Payload).ToArray(),
            ],
            cancellationToken);
    }

    /// <summary>Locks the counters of these actions in order of their ids, for a decision that rests on them.</summary>
    public static Task LockAsync(NpgsqlConnection connection, long[] ids, CancellationToken cancellationToken) =>
        Statement.ExecuteAsync(connection, LockSql, [ids], cancellationToken);

    /// <summary>The same where the others that hold them may be writing a whole fleet.</summary>
    public static Task LockAsync(
        NpgsqlConnection connection, long[] ids, TimeSpan timeout, CancellationToken cancellationToken) =>
        Statement.ExecuteAsync(connection, LockSql, [ids], timeout, cancellationToken);

    /// <summary>Rings for the pages about an action whose counters did not move (archived, deleted).</summary>
    public static Task TellAsync(NpgsqlConnection connection, ActionId action, CancellationToken cancellationToken) =>
        Statement.ExecuteAsync(connection, TellSql, [$$"""{"action":{{action}}}"""], cancellationToken);

    private string Payload(long id)
    {
        var named = minions[new ActionId(id)];
        return named.Count is 0 or > MostNamed
            ? $$"""{"action":{{id}}}"""
            : $$"""{"action":{{id}},"minions":[{{string.Join(',', named)}}]}""";
    }

    internal const string TellSql = "select pg_notify('saltern_changes', $1)";

    internal const string LockSql = """
        select action_id from action_counts where action_id = any($1::bigint[]) order by action_id for update
        """;

    internal const string ApplySql = """
        with change as (
            select * from unnest(
                    $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
                    $10::text[])
                as c(action_id, queued, picked_up, completed, failed, cancelled, skipped, waiting, payload)),
        counted as (
            update action_counts c
            set queued = c.queued + d.queued, picked_up = c.picked_up + d.picked_up,
                completed = c.completed + d.completed, failed = c.failed + d.failed,
                cancelled = c.cancelled + d.cancelled, skipped = c.skipped + d.skipped,
                waiting = c.waiting + d.waiting,
                total = c.total + d.queued + d.picked_up + d.completed + d.failed + d.cancelled + d.skipped
            from change d where c.action_id = d.action_id
            returning c.*, d.payload),
        derived as (
            select c.action_id, c.payload, b.begun,
                   case when c.queued + c.picked_up > 0 then
                            case when a.status = 'Halted' then 'Halted'
                                 when a.started_at is not null or b.begun then 'Running'
                                 else 'Scheduled' end
                        when c.failed + c.skipped > 0 then 'Failed'
                        when c.completed > 0 then 'Completed'
                        else 'Cancelled' end as status
            from counted c join action a on a.id = c.action_id
            cross join lateral (select c.picked_up + c.completed + c.failed > 0 as begun) as b),
        moved as (
            update action a
            set status = d.status,
                started_at = case when d.begun then coalesce(a.started_at, $1) else a.started_at end,
                ended_at = case when d.status in ('Completed', 'Failed', 'Cancelled') then $1 end
            from derived d where a.id = d.action_id and a.status <> d.status
            returning a.id)
        select count(pg_notify('saltern_changes', payload)) from derived
        """;
}
