using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// The statements of one settling transaction. In order: returns of attempts that wait for one; what reading set apart
/// (busy minions, asks); what is left of both (late ones, repeats, strangers), which is rare; the inbox rows themselves
/// with what is outstanding; and the counters.
/// </summary>
internal sealed class SettlingBatch(
    NpgsqlConnection connection, IReadOnlyList<TakenReturn> taken, ReadReturns read, ResultsOptions options,
    DateTimeOffset now)
{
    private readonly Counters counters = new();
    private readonly OutstandingChange fewer = new();

    public async Task<Settled> SettleAsync(CancellationToken cancellationToken)
    {
        var apart = read.Apart;
        var left = taken.Where(one => one.IsMatched && !one.IsAsk && !apart.Contains(one.InboxId))
            .ToDictionary(one => one.InboxId);
        var targets = await SettleWaitingAsync(left, cancellationToken);
        var apartAndLate = await new SetApart(connection, read, counters, options.BusyPause, now)
            .SettleAsync(fewer, cancellationToken);
        await new WatchAnswers(connection, counters, fewer, options, now)
            .ApplyAsync(read.WatchAnswers, cancellationToken);
        foreach (var one in taken.Where(one => apartAndLate.Contains(one.InboxId)))
        {
            left.Add(one.InboxId, one);
        }

        var late = left.Count == 0 ? 0 : await CorrectAsync(left, cancellationToken);
        var repeats = left.Count == 0 ? 0 : await CountRepeatsAsync(left, cancellationToken);
        await Statement.ExecuteAsync(
            connection, DrainSql,
            [
                taken.Select(one => one.InboxId).ToArray(),
                fewer.Submissions, fewer.Outstanding, fewer.Waiting,
            ],
            cancellationToken);
        await counters.ApplyAsync(connection, now, cancellationToken);
        return new Settled(taken.Count, targets, late, repeats, Strangers(apart) + left.Count - repeats);
    }

    private int Strangers(HashSet<long> apart) =>
        taken.Count(one => (!one.IsMatched || one.IsAsk) && !apart.Contains(one.InboxId));

    /// <summary>
    /// Settles attempts that wait for their return, each by the first that came, and takes these out of the rest.
    /// </summary>
    private async Task<int> SettleWaitingAsync(
        Dictionary<long, TakenReturn> left, CancellationToken cancellationToken)
    {
        var settled = 0;
        await using var command = Statement.Of(
            connection, SettleSql, ReturnArrays.Of(FirstOfEach(left.Values), read, now));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var submission = reader.GetInt64(1);
            var minions = reader.GetFieldValue<long[]>(4);
            var waited = reader.GetBoolean(5);
            counters.Add(
                new ActionId(reader.GetInt64(0)),
                CountChange.End(Enum.Parse<TargetStatus>(reader.GetString(2)), waited, minions.Length),
                minions);
            fewer.End(submission, waited, minions.Length);
            foreach (var inboxId in reader.GetFieldValue<long[]>(3))
            {
                left.Remove(inboxId);
            }

            settled += minions.Length;
        }

        return settled;
    }

    /// <summary>
    /// Returns whose attempt had ended by a guess: it gives way to the truth. Apart from the earlier attempts: one that
    /// a reschedule moves while the first statement waits for it is seen by the second only.
    /// </summary>
    private async Task<int> CorrectAsync(Dictionary<long, TakenReturn> left, CancellationToken cancellationToken)
    {
        var latest = await Statement.QueryAsync(
            connection, CorrectLatestSql,
            [
                .. ReturnArrays.Of(FirstOfEach(left.Values), read, now),
                read.AskLater.Select(later => later.Return.InboxId).ToArray(),
            ],
            row => (Action: new ActionId(row.GetInt64(0)), Minion: row.GetInt64(1), Inbox: row.GetInt64(2),
                Before: Enum.Parse<TargetStatus>(row.GetString(3)), Status: Enum.Parse<TargetStatus>(row.GetString(4))),
            cancellationToken);
        foreach (var (action, minion, inbox, before, status) in latest)
        {
            left.Remove(inbox);
            counters.Add(action, CountChange.Move(before, status, 1), [minion]);
        }

        var earlier = left.Count == 0 ? [] : await new EarlierReturns(connection, counters, now)
            .SettleAsync([.. FirstOfEach(left.Values)], read, cancellationToken);
        foreach (var inbox in earlier)
        {
            left.Remove(inbox);
        }

        return latest.Count + earlier.Count;
    }

    private async Task<int> CountRepeatsAsync(Dictionary<long, TakenReturn> left, CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(
            connection, RepeatSql,
            left.Values.Select(one => one.Action.Value).ToArray(),
            left.Values.Select(one => one.Minion.Value).ToArray(),
            left.Values.Select(one => one.Submission.Value).ToArray());
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static IEnumerable<TakenReturn> FirstOfEach(IEnumerable<TakenReturn> returns) => returns
        .OrderBy(one => one.InboxId).DistinctBy(one => (one.Submission, one.Minion));

    /// <summary>Index action_target_pkey.</summary>
    internal const string SettleSql = $"""
        with returned as materialized ({ReturnArrays.Table}),
        settled as (
            update action_target t
            set status = r.status, settled_at = $1, returned_at = r.returned_at, reason = r.reason
            from returned r
            where t.action_id = r.action_id and t.minion_key = r.minion_key and t.submission_id = r.submission_id
              and t.status = 'PickedUp'
            returning t.action_id, t.submission_id, t.status, r.inbox_id, t.minion_key, t.waits)
        select action_id, submission_id, status, array_agg(inbox_id), array_agg(minion_key), waits
        from settled group by action_id, submission_id, status, waits
        """;

    /// <summary>
    /// A guess, or what an earlier attempt that returned late said in place of this one. A return that is no answer
    /// by itself (of $9: its minion would have to be asked) leaves a guess a guess.
    /// </summary>
    internal const string CorrectLatestSql = $"""
        with returned as materialized ({ReturnArrays.Table}),
        guessed as (
            select r.*, t.status as before
            from returned r
            join action_target t on t.action_id = r.action_id and t.minion_key = r.minion_key
              and t.submission_id = r.submission_id
            where t.status = 'Failed' and t.guessed and (t.returned_at is null or r.inbox_id <> all($9::bigint[]))
               or t.status in ('Completed', 'Failed') and t.returned_at is null and exists (
                   select 1 from earlier_attempt e
                   where e.action_id = t.action_id and e.minion_key = t.minion_key and not e.guessed
                     and e.status <> 'Busy' and not e.history)
            order by t.action_id, t.minion_key
            for update of t)
        update action_target t
        set status = g.status, guessed = g.inbox_id = any($9::bigint[]), settled_at = $1, returned_at = g.returned_at,
            reason = g.reason
        from guessed g
        where t.action_id = g.action_id and t.minion_key = g.minion_key
        returning t.action_id, t.minion_key, g.inbox_id, g.before, t.status
        """;

    internal const string RepeatSql = """
        with repeated as materialized (
            select action_id, minion_key, submission_id, count(*)::int as copies
            from unnest((select $1::bigint[]), (select $2::bigint[]), (select $3::bigint[]))
                as r(action_id, minion_key, submission_id)
            group by action_id, minion_key, submission_id
            order by action_id, minion_key),
        latest as (
            update action_target t set repeats = t.repeats + r.copies
            from repeated r
            where t.action_id = r.action_id and t.minion_key = r.minion_key and t.submission_id = r.submission_id
            returning r.copies),
        earlier as (
            update earlier_attempt a set repeats = a.repeats + r.copies
            from repeated r
            where a.action_id = r.action_id and a.minion_key = r.minion_key and a.submission_id = r.submission_id
            returning r.copies)
        select (coalesce((select sum(copies) from latest), 0) + coalesce((select sum(copies) from earlier), 0))::int
        """;

    /// <summary>Submissions are locked in the order of their ids, as every settler does.</summary>
    internal const string DrainSql = """
        with drained as (
            delete from inbox i using unnest((select $1::bigint[])) as d(id) where i.id = d.id),
        locked as (
            select s.id, d.outstanding, d.waiting
            from submission s
            join unnest($2::bigint[], $3::int[], $4::int[]) as d(id, outstanding, waiting) on d.id = s.id
            order by s.id
            for no key update of s)
        update submission s
        set outstanding = s.outstanding - l.outstanding, waiting = s.waiting - l.waiting
        from locked l where s.id = l.id
        """;
}
