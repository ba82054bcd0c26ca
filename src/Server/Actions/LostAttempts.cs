using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Ends attempts that are known to have come to nothing: the minion does not run the job, kept no return of it, and the
/// job cache has none. Where the action may be tried again, its target is queued again by ourselves, after a pause that
/// doubles with each attempt; else it fails as a guess, which a return that arrives after all replaces. What is not
/// safe to repeat is only tried again where the minion would have kept a return.
/// </summary>
internal static class LostAttempts
{
    /// <param name="connection">Inside the settling transaction.</param>
    /// <param name="targets">Actions, minions and submissions, as three arrays.</param>
    /// <param name="cacheIsOff">Whether these minions keep no returns, or could not say.</param>
    /// <param name="pause">Before the second attempt.</param>
    /// <param name="counters">Get what moved.</param>
    /// <param name="now">When they end.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// The submission of each target that ended or was queued again, and whether the target waited for contact.
    /// </returns>
    public static async Task<IReadOnlyList<(long Submission, bool Waited)>> EndAsync(
        NpgsqlConnection connection, object?[] targets, bool cacheIsOff, TimeSpan pause, Counters counters,
        DateTimeOffset now, CancellationToken cancellationToken)
    {
        var reason = cacheIsOff
            ? "the minion does not run the job, no return arrived, and the minion cannot say what came of it (has it "
                + "cache_jobs: True?): whether it ran is not known"
            : "the minion does not run the job and kept no return of it: it never began, or was cut off";
        var ended = await Statement.QueryAsync(
            connection, EndSql, [now, .. targets, cacheIsOff, reason, pause],
            row => (Action: new ActionId(row.GetInt64(0)), Minion: row.GetInt64(1), Submission: row.GetInt64(2),
                Status: Enum.Parse<TargetStatus>(row.GetString(3)), Waited: row.GetBoolean(4)),
            cancellationToken);
        foreach (var (action, minion, _, status, waited) in ended)
        {
            counters.Add(action, CountChange.End(status, waited, 1), [minion]);
        }

        await LateWords.SpeakAsync(
            connection, [.. ended.Select(one => (one.Action.Value, one.Minion))], counters, now, cancellationToken);
        return [.. ended.Select(one => (one.Submission, one.Waited))];
    }

    /// <summary>The pause is from half to one and a half of itself, so that a fleet does not come at once.</summary>
    internal const string EndSql = """
        with lost as (
            select t.*, t.attempt < a.max_attempts and a.cancelled_at is null and a.expires_at > $1
                        and (a.safe_to_repeat or not $5) and t.stopped_by is null as again
            from unnest((select $2::bigint[]), (select $3::bigint[]), (select $4::bigint[]))
                as h(action_id, minion_key, submission_id)
            join action_target t on t.action_id = h.action_id and t.minion_key = h.minion_key
              and t.submission_id = h.submission_id and t.status = 'PickedUp'
            join action a on a.id = t.action_id
            join submission s on s.id = t.submission_id
            join minion m on m.minion_key = t.minion_key
            where not exists (select 1 from salt.salt_returns r where r.jid = s.jid and r.id = m.minion_id)
            order by t.action_id, t.minion_key
            for update of t),
        kept as (
            insert into earlier_attempt (action_id, minion_key, number, submission_id, status, guessed, picked_up_at,
                                         returned_at, ended_at, repeats, reason)
            select action_id, minion_key, attempt, submission_id, 'Failed', true, picked_up_at, returned_at, $1,
                   repeats, $6
            from lost where again),
        ended as (
            update action_target t
            set status = case when l.again then 'Queued' else 'Failed' end,
                settled_at = case when l.again then null else $1 end,
                guessed = not l.again, waits = false,
                submission_id = case when l.again then null else t.submission_id end,
                picked_up_at = case when l.again then null else t.picked_up_at end,
                returned_at = case when l.again then null else t.returned_at end,
                repeats = case when l.again then 0 else t.repeats end,
                not_before = case when l.again then $1 + least(
                    $7::interval * power(2, t.attempt - 1)
                        * (0.5 + (hashint8(t.action_id * 31 + t.minion_key * 7 + t.attempt) & 1023) / 1024.0),
                    interval '1 h') end,
                reason = case when l.again then 'attempt ' || t.attempt || ': ' || $6
                              else coalesce('stopped by ' || l.stopped_by || ': ', '') || $6 end
            from lost l where t.action_id = l.action_id and t.minion_key = l.minion_key
            returning t.action_id, t.minion_key, l.submission_id, t.status, l.waits)
        select action_id, minion_key, submission_id, status, waits from ended
        """;
}
