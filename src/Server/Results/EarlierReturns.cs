using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// Returns of attempts that came to nothing, as we thought, and that are no longer their target's latest. Each settles
/// its own attempt. Where the target is queued by ourselves or failed by a guess, it is the last word for the target
/// too: the next attempt is not made. Where another attempt is under way, it is the last word if that brings none.
/// Where nothing was to run any more, it ran anyway. After a user's reschedule it is history.
/// </summary>
internal sealed class EarlierReturns(NpgsqlConnection connection, Counters counters, DateTimeOffset now)
{
    /// <returns>The inbox rows of those that settled an attempt.</returns>
    public async Task<IReadOnlyList<long>> SettleAsync(
        IReadOnlyList<TakenReturn> returns, ReadReturns read, CancellationToken cancellationToken)
    {
        await Statement.ExecuteAsync(connection, LockSql, ReturnArrays.Of(returns, read, now), cancellationToken);
        var corrected = await Statement.QueryAsync(
            connection, CorrectSql, ReturnArrays.Of(returns, read, now),
            row => new EarlierAttempt(
                row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), row.GetString(4),
                row.IsDBNull(5) ? null : row.GetString(5)),
            cancellationToken);
        if (corrected.Count > 0)
        {
            await SpeakAsync(
                [.. corrected.GroupBy(one => (one.Action, one.Minion)).Select(all => all.MaxBy(one => one.Number)!)],
                cancellationToken);
        }

        return [.. corrected.Select(one => one.InboxId)];
    }

    private async Task SpeakAsync(EarlierAttempt[] attempts, CancellationToken cancellationToken)
    {
        var ended = await Statement.QueryAsync(
            connection, SpeakSql,
            [
                now,
                Array.ConvertAll(attempts, one => one.Action),
                Array.ConvertAll(attempts, one => one.Minion),
                Array.ConvertAll(attempts, one => one.Number),
                Array.ConvertAll(attempts, one => one.Status),
                Array.ConvertAll(attempts, one => one.Reason),
            ],
            row => (Action: new ActionId(row.GetInt64(0)), Minion: row.GetInt64(1),
                Before: Enum.Parse<TargetStatus>(row.GetString(2)), After: Enum.Parse<TargetStatus>(row.GetString(3))),
            cancellationToken);
        foreach (var (action, minion, before, after) in ended)
        {
            counters.Add(action, CountChange.Move(before, after, 1), [minion]);
        }
    }

    /// <summary>Keeps the targets as they are, against claims, orders and the watch.</summary>
    internal const string LockSql = $"""
        with returned as materialized ({ReturnArrays.Table})
        select $1::timestamptz
        from returned r join action_target t on t.action_id = r.action_id and t.minion_key = r.minion_key
        order by t.action_id, t.minion_key
        for update of t
        """;

    internal const string CorrectSql = $"""
        with returned as materialized ({ReturnArrays.Table}),
        corrected as (
            update earlier_attempt a
            set status = r.status, guessed = false, late = t.status = 'PickedUp', ended_at = $1,
                returned_at = r.returned_at, reason = r.reason
            from returned r
            join action_target t on t.action_id = r.action_id and t.minion_key = r.minion_key
            where a.action_id = r.action_id and a.minion_key = r.minion_key and a.submission_id = r.submission_id
              and a.guessed
            returning a.action_id, a.minion_key, a.number, a.status, a.reason, r.inbox_id),
        ran_anyway as (
            update action_target t set ran_anyway = true
            from corrected c
            where t.action_id = c.action_id and t.minion_key = c.minion_key and t.status in ('Cancelled', 'Skipped'))
        select inbox_id, action_id, minion_key, number, status, reason from corrected
        """;

    /// <summary>
    /// A target that was queued again becomes what it was before, with its latest attempt, and ends by the truth.
    /// </summary>
    internal const string SpeakSql = """
        with late as materialized (
            select l.*, t.status as before, t.attempt
            from unnest((select $2::bigint[]), (select $3::bigint[]), (select $4::int[]), (select $5::text[]),
                        (select $6::text[])) as l(action_id, minion_key, number, status, reason)
            join action_target t on t.action_id = l.action_id and t.minion_key = l.minion_key
            where (t.status = 'Failed' and t.guessed) or (t.status = 'Queued' and t.again)),
        back as (
            delete from earlier_attempt e using late l
            where l.before = 'Queued' and e.action_id = l.action_id and e.minion_key = l.minion_key
              and e.number = l.attempt
            returning e.*)
        update action_target t
        set status = l.status, settled_at = $1, guessed = false, again = false, not_before = null,
            submission_id = coalesce(t.submission_id, b.submission_id),
            picked_up_at = coalesce(t.picked_up_at, b.picked_up_at),
            returned_at = coalesce(t.returned_at, b.returned_at), repeats = t.repeats + coalesce(b.repeats, 0),
            reason = case when l.number = l.attempt then l.reason
                          else 'by attempt ' || l.number || ', which returned late' || coalesce(': ' || l.reason, '')
                     end
        from late l left join back b on b.action_id = l.action_id and b.minion_key = l.minion_key
        where t.action_id = l.action_id and t.minion_key = l.minion_key
        returning t.action_id, t.minion_key, l.before, t.status
        """;

    /// <summary>An earlier attempt of a target, as its late return left it.</summary>
    private sealed record EarlierAttempt(
        long InboxId, long Action, long Minion, int Number, string Status, string? Reason);
}
