using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Finds what a master could be given now: due actions in their order, each with the minions that are ready, until the
/// free places are filled. What it costs follows from what may be in flight, not from what is queued: of exclusive
/// actions only so many targets are looked at as can be in the way (in flight, or found ready a moment ago). Where more
/// are in the way — an earlier action has thousands queued that its own batch holds back — the look is made once more
/// from the other side: every minion of the master is asked for the head of its line, once for all actions.
/// </summary>
internal static class DueLook
{
    /// <summary>
    /// Actions are looked at so many at a time, and so many times in one pass while places are free: those that only
    /// wait for minions which are away must not hide the ones behind them.
    /// </summary>
    private const int MostActions = 200;

    private const int MostPages = 20;

    /// <param name="connection">Inside the transaction that holds the master's lock.</param>
    /// <param name="masterId">Only minions of this master count.</param>
    /// <param name="kinds">Others are left to nodes of a newer version; they keep their places in the lines.</param>
    /// <param name="free">At most so many minions are found, over all actions.</param>
    /// <param name="visits">
    /// Targets of exclusive actions that are looked at in vain before minions are asked instead.
    /// </param>
    /// <param name="answerCounts">How long an answer to an ask counts.</param>
    /// <param name="now">What is due by then.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    public static async Task<IReadOnlyList<ReadyAction>> ReadAsync(
        NpgsqlConnection connection, int masterId, ActionKinds kinds, int free, int visits, TimeSpan answerCounts,
        DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ready = new List<ReadyAction>();
        var (earliest, action) = (DateTimeOffset.MinValue, 0L);
        for (var page = 0; page < MostPages && free > 0; page++)
        {
            var looks = await LookAsync(byMinion: false);
            if (looks is [.., { Free: > 0, Visits: <= 0 }])
            {
                looks = await LookAsync(byMinion: true);
            }

            ready.AddRange(looks.Where(look => look.Action.Minions.Length > 0).Select(look => look.Action));
            if (looks.Count < MostActions)
            {
                break;
            }

            free = looks[^1].Free;
            (earliest, action) = (looks[^1].Action.Due.EarliestAt, looks[^1].Action.Due.Id.Value);
        }

        return ready;

        Task<List<Look>> LookAsync(bool byMinion) => Statement.QueryAsync(
            connection, DueSql,
            [
                masterId, now, answerCounts, free, MostActions, visits, byMinion, kinds.Names.ToArray(), earliest,
                action,
            ],
            Read, cancellationToken);
    }

    private static Look Read(NpgsqlDataReader row)
    {
        var minions = row.GetFieldValue<long[]>(9);
        var due = new DueAction(
            new ActionId(row.GetInt64(0)),
            row.GetString(1),
            row.GetFieldValue<DateTimeOffset>(2),
            row.GetFieldValue<DateTimeOffset>(3),
            TimeSpan.FromSeconds(row.GetInt32(4)),
            row.IsDBNull(5) ? null : row.GetInt32(5),
            row.IsDBNull(6) ? null : row.GetInt32(6),
            row.GetBoolean(7),
            minions.Length,
            row.GetInt32(8),
            InFlight: 0);
        return new Look(new ReadyAction(due, minions), row.GetInt32(10), row.GetInt32(11));
    }

    /// <summary>An action that was looked at, and what was left of places and visits then.</summary>
    private sealed record Look(ReadyAction Action, int Free, int Visits);

    /// <summary>
    /// $4 free places, $5 actions, $6 visits, $7 whether to ask minions, $8 kinds, $9 and $10 where the page begins.
    /// Indexes action_due,
    /// action_target_by_status, action_target_turn, action_target_one_exclusive; with $7 minion_by_master as well.
    /// </summary>
    internal const string DueSql = $"""
        with recursive due as materialized (
            select row_number() over (order by a.earliest_at, a.id) as place, a.id, a.kind, a.earliest_at, a.expires_at,
                   a.deadline_seconds, a.batch_size, a.batch_percent, a.asks_first, a.safe_to_repeat,
                   a.exclusive, c.total, c.queued,
                   w.size - c.picked_up + c.waiting as wanted
            from action a
            join action_counts c on c.action_id = a.id
            cross join lateral (
                select case when a.batch_size is not null then a.batch_size
                            when a.batch_percent is not null then greatest(1, c.total::bigint * a.batch_percent / 100)
                            else c.total end as size) as w
            where a.status in ('Scheduled', 'Running') and a.cancelled_at is null and a.earliest_at <= $2
              and a.expires_at > $2 and c.queued > 0 and c.picked_up - c.waiting < w.size and a.kind = any($8::text[])
              and (a.earliest_at, a.id) > ($9::timestamptz, $10::bigint)
            order by a.earliest_at, a.id
            limit $5),
        head as materialized (
            select h.action_id, array_agg(m.minion_key order by m.minion_key) as minions
            from minion m
            cross join lateral (
                select q.action_id from action_target q
                where q.minion_key = m.minion_key and q.exclusive and q.status = 'Queued' and q.earliest_at <= $2
                  and {ReadyTargets.CountsInLine}
                order by q.earliest_at, q.action_id
                limit 1) as h
            where m.master_id = $1 and (
                select true from action_target x
                where x.minion_key = m.minion_key and x.exclusive and x.status = 'PickedUp') is null
            group by h.action_id),
        look as (
            select 0::bigint as place, array[]::bigint[] as minions, $4::int as free, $6::int as visits
            union all
            select a.place, r.minions, l.free - cardinality(r.minions),
                   case when a.exclusive and not $7 and cardinality(r.minions) < least(l.free, a.wanted)
                        then l.visits - (a.queued - cardinality(r.minions)) else l.visits end
            from look l
            join due a on a.place = l.place + 1
            cross join lateral (
                select coalesce(array_agg(found.minion_key), array[]::bigint[]) as minions from (
                    select t.minion_key
                    from (select action_id, minion_key, status, not_before from action_target
                          where action_id = a.id and status = 'Queued' order by minion_key
                          limit case when a.exclusive then l.visits + l.free end) as t
                    join minion m on m.minion_key = t.minion_key
                    where not (a.exclusive and $7) and {ReadyTargets.Condition}
                    union all
                    select t.minion_key
                    from head h cross join lateral (select h.action_id, unnest(h.minions) as minion_key) as t
                    where a.exclusive and $7 and h.action_id = a.id
                      and (not a.asks_first or {ReadyTargets.IsAnswered})
                      and (a.safe_to_repeat or a.asks_first or {ReadyTargets.IsHeard})
                    limit least(l.free, a.wanted)) as found) as r
            where l.free > 0 and l.visits > 0)
        select a.id, a.kind, a.earliest_at, a.expires_at, a.deadline_seconds, a.batch_size, a.batch_percent,
               a.asks_first, a.total, l.minions, l.free, l.visits
        from look l join due a on a.place = l.place
        order by a.place
        """;
}
