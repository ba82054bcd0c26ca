using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// Returns of attempts that came to nothing, as we thought, and that are no longer their target's latest. Each settles
/// its own attempt, and <see cref="LateWords"/> says what that means for the target. Where nothing was to run any more,
/// it ran anyway.
/// </summary>
internal sealed class EarlierReturns(NpgsqlConnection connection, Counters counters, DateTimeOffset now)
{
    /// <param name="returns">Of attempts that nobody waits for.</param>
    /// <param name="read">
    /// What they say; one that was set apart (its minion was busy) says nothing of the target.
    /// </param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The inbox rows of those that settled an attempt.</returns>
    public async Task<IReadOnlyList<long>> SettleAsync(
        IReadOnlyList<TakenReturn> returns, ReadReturns read, CancellationToken cancellationToken)
    {
        await Statement.ExecuteAsync(connection, LockSql, ReturnArrays.Of(returns, read, now), cancellationToken);
        var corrected = await Statement.QueryAsync(
            connection, CorrectSql, [.. ReturnArrays.Of(returns, read, now), read.Apart.ToArray()],
            row => (Inbox: row.GetInt64(0), Target: (row.GetInt64(1), row.GetInt64(2))), cancellationToken);
        await LateWords.SpeakAsync(
            connection, corrected.Select(one => one.Target).ToHashSet(), counters, now, cancellationToken);
        return [.. corrected.Select(one => one.Inbox)];
    }

    /// <summary>Keeps the targets as they are, against claims, orders and the watch.</summary>
    internal const string LockSql = $"""
        with returned as materialized ({ReturnArrays.Table})
        select $1::timestamptz
        from returned r join action_target t on t.action_id = r.action_id and t.minion_key = r.minion_key
        order by t.action_id, t.minion_key
        for update of t
        """;

    /// <summary>
    /// From before a user's reschedule only what arrives while the new attempt is under way may still count.
    /// </summary>
    internal const string CorrectSql = $"""
        with returned as materialized ({ReturnArrays.Table}),
        corrected as (
            update earlier_attempt a
            set status = r.status, guessed = false, ended_at = $1, returned_at = r.returned_at, reason = r.reason,
                history = r.inbox_id = any($9::bigint[]) or t.status <> 'PickedUp' and exists (
                    select 1 from earlier_attempt l
                    where l.action_id = a.action_id and l.minion_key = a.minion_key and l.number >= a.number
                      and l.ordered)
            from returned r
            join action_target t on t.action_id = r.action_id and t.minion_key = r.minion_key
            where a.action_id = r.action_id and a.minion_key = r.minion_key and a.submission_id = r.submission_id
              and a.guessed
            returning a.action_id, a.minion_key, r.inbox_id),
        ran_anyway as (
            update action_target t set ran_anyway = true
            from corrected c
            where t.action_id = c.action_id and t.minion_key = c.minion_key and t.status in ('Cancelled', 'Skipped'))
        select inbox_id, action_id, minion_key from corrected
        """;
}
