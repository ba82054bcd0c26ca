using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Results;

/// <summary>
/// The statements of one settling transaction. In order: returns of attempts that wait for one; then what is left
/// (late ones, repeats, strangers), which is rare; what reading set apart (busy minions, asks); the counters; and the
/// inbox rows themselves.
/// </summary>
internal sealed class SettlingBatch(
    NpgsqlConnection connection, long[] ids, ReadReturns read, TimeSpan busyPause, DateTimeOffset now)
{
    private readonly Counters counters = new();
    private readonly List<(MinionKey Minion, DateTimeOffset At)> contacts = new(ids.Length);
    private readonly SortedDictionary<long, int> settledBySubmission = [];

    public async Task<Settled> SettleAsync(CancellationToken cancellationToken)
    {
        var rest = ids.Except(read.Apart).ToHashSet();
        var targets = await SettleWaitingAsync(rest, cancellationToken);
        var (late, repeats, strangers) = rest.Count == 0
            ? (0, 0, 0)
            : await SettleLateAsync([.. rest], cancellationToken);
        var apart = new SetApart(connection, read, counters, busyPause, now);
        await apart.SettleAsync(settledBySubmission, cancellationToken);
        await FinishAsync(cancellationToken);
        return new Settled(ids.Length, targets, late, repeats, strangers) { Contacts = contacts };
    }

    /// <summary>Settles attempts that wait for their return, and takes their inbox rows out of the rest.</summary>
    private async Task<int> SettleWaitingAsync(HashSet<long> rest, CancellationToken cancellationToken)
    {
        var settled = 0;
        await using var command = Statement.Of(
            connection, SettleSql, rest.ToArray(), now, read.SettledInboxIds.ToArray(), read.Statuses.ToArray(),
            read.Reasons.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var submission = reader.GetInt64(1);
            var inboxIds = reader.GetFieldValue<long[]>(3);
            var minions = reader.GetFieldValue<long[]>(4);
            counters.Add(
                new ActionId(reader.GetInt64(0)),
                CountChange.Move(
                    TargetStatus.PickedUp, Enum.Parse<TargetStatus>(reader.GetString(2)), minions.Length),
                minions);
            settledBySubmission[submission] = settledBySubmission.GetValueOrDefault(submission) + minions.Length;
            rest.ExceptWith(inboxIds);
            contacts.AddRange(minions.Select(minion => (new MinionKey(minion), now)));
            settled += minions.Length;
        }

        return settled;
    }

    /// <summary>
    /// Returns whose attempt had ended: a guess gives way to the truth, in the attempt and, where no later attempt
    /// speaks for the target, in the target; any other is a repeat and changes no status.
    /// </summary>
    private async Task<(int Late, int Repeats, int Strangers)> SettleLateAsync(
        long[] rest, CancellationToken cancellationToken)
    {
        var corrected = await Statement.QueryAsync(
            connection, CorrectSql,
            [rest, now, read.SettledInboxIds.ToArray(), read.Statuses.ToArray(), read.Reasons.ToArray()],
            row => (Action: new ActionId(row.GetInt64(0)), Minion: row.GetInt64(1), Inbox: row.GetInt64(2),
                Status: row.IsDBNull(3) ? (TargetStatus?)null : Enum.Parse<TargetStatus>(row.GetString(3))),
            cancellationToken);
        foreach (var one in corrected.Where(one => one.Status is not null))
        {
            counters.Add(one.Action, CountChange.Move(TargetStatus.Failed, one.Status!.Value, 1), [one.Minion]);
        }

        var others = rest.Except(corrected.Select(one => one.Inbox)).ToArray();
        var repeats = await Statement.ExecuteAsync(connection, RepeatSql, [others], cancellationToken);
        contacts.AddRange(corrected.Select(one => (new MinionKey(one.Minion), now)));
        return (corrected.Count, repeats, others.Length - repeats);
    }

    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        await Statement.ExecuteAsync(
            connection, LockSubmissionsSql, [settledBySubmission.Keys.ToArray()], cancellationToken);
        await Statement.ExecuteAsync(
            connection, FewerOutstandingSql,
            [settledBySubmission.Keys.ToArray(), settledBySubmission.Values.ToArray()], cancellationToken);
        await Statement.ExecuteAsync(connection, DrainSql, [ids], cancellationToken);
        await counters.ApplyAsync(connection, now, cancellationToken);
    }

    /// <summary>Indexes submission_jid_key, minion_key_domain_id_minion_id_key, and the primary keys.</summary>
    internal const string SettleSql = """
        with returned as materialized (
            select distinct on (s.id, m.minion_key)
                   i.id as inbox_id, i.returned_at, s.id as submission_id, s.action_id, m.minion_key,
                   coalesce(o.status, case when i.success then 'Completed' else 'Failed' end) as status,
                   case when o.inbox_id is not null then o.reason
                        when not i.success then 'the minion reported a failure' end as reason
            from inbox i
            join submission s on s.jid = i.jid and not s.is_ask
            join master r on r.id = s.master_id
            join minion m on m.key_domain_id = r.key_domain_id and m.minion_id = i.minion_id
            left join unnest($3::bigint[], $4::text[], $5::text[]) as o(inbox_id, status, reason) on o.inbox_id = i.id
            where i.id = any($1::bigint[])
            order by s.id, m.minion_key, i.id),
        settled as (
            update action_target t
            set status = r.status, settled_at = $2, reason = r.reason
            from returned r
            where t.action_id = r.action_id and t.minion_key = r.minion_key and t.submission_id = r.submission_id
              and t.status = 'PickedUp'
            returning t.action_id, t.minion_key, t.attempt, r.submission_id, r.status, r.reason, r.returned_at,
                      r.inbox_id),
        ended as (
            update attempt a
            set status = s.status, returned_at = s.returned_at, ended_at = $2, reason = s.reason
            from settled s
            where a.action_id = s.action_id and a.minion_key = s.minion_key and a.number = s.attempt)
        select action_id, submission_id, status, array_agg(inbox_id), array_agg(minion_key)
        from settled group by action_id, submission_id, status
        """;

    internal const string CorrectSql = """
        with returned as materialized (
            select distinct on (s.id, m.minion_key)
                   i.id as inbox_id, i.returned_at, s.id as submission_id, s.action_id, m.minion_key,
                   coalesce(o.status, case when i.success then 'Completed' else 'Failed' end) as status,
                   case when o.inbox_id is not null then o.reason
                        when not i.success then 'the minion reported a failure' end as reason
            from inbox i
            join submission s on s.jid = i.jid and not s.is_ask
            join master r on r.id = s.master_id
            join minion m on m.key_domain_id = r.key_domain_id and m.minion_id = i.minion_id
            left join unnest($3::bigint[], $4::text[], $5::text[]) as o(inbox_id, status, reason) on o.inbox_id = i.id
            where i.id = any($1::bigint[])
            order by s.id, m.minion_key, i.id),
        corrected as (
            update attempt a
            set status = r.status, guessed = false, returned_at = r.returned_at, ended_at = $2, reason = r.reason
            from returned r
            where a.action_id = r.action_id and a.minion_key = r.minion_key and a.submission_id = r.submission_id
              and a.guessed
            returning a.action_id, a.minion_key, a.status, a.reason, a.submission_id, r.inbox_id),
        settled as (
            update action_target t
            set status = c.status, guessed = false, settled_at = $2, reason = c.reason
            from corrected c
            where t.action_id = c.action_id and t.minion_key = c.minion_key and t.submission_id = c.submission_id
              and t.status = 'Failed' and t.guessed
            returning t.action_id, t.minion_key, t.status)
        select c.action_id, c.minion_key, c.inbox_id, s.status
        from corrected c left join settled s on s.action_id = c.action_id and s.minion_key = c.minion_key
        """;

    internal const string RepeatSql = """
        with repeated as (
            select s.id as submission_id, s.action_id, m.minion_key, count(*)::int as copies
            from inbox i
            join submission s on s.jid = i.jid and not s.is_ask
            join master r on r.id = s.master_id
            join minion m on m.key_domain_id = r.key_domain_id and m.minion_id = i.minion_id
            where i.id = any($1::bigint[])
            group by s.id, s.action_id, m.minion_key)
        update attempt a set repeats = a.repeats + r.copies
        from repeated r
        where a.action_id = r.action_id and a.minion_key = r.minion_key and a.submission_id = r.submission_id
        """;

    /// <summary>In order of their ids, as every settler does: no two wait for each other.</summary>
    internal const string LockSubmissionsSql =
        "select id from submission where id = any($1::bigint[]) order by id for update";

    internal const string FewerOutstandingSql = """
        update submission s set outstanding = s.outstanding - d.settled
        from unnest($1::bigint[], $2::int[]) as d(id, settled)
        where s.id = d.id
        """;

    internal const string DrainSql = "delete from inbox where id = any($1::bigint[])";
}
