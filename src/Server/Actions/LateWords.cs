using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// What an earlier attempt of a target said late is the last word where the latest one brings none: the target is
/// queued by ourselves (lost, busy, not sent) or has failed without a return. Then nothing runs again. Called
/// by whoever ends attempts like that, and by whoever settles a late return, each with the targets locked: so whichever
/// comes second sees the other. Attempts from before a user's reschedule say nothing, unless they
/// return while the new one is under way.
/// </summary>
internal static class LateWords
{
    /// <param name="connection">Inside the transaction that has locked or written these targets.</param>
    /// <param name="targets">Each once.</param>
    /// <param name="counters">Get what moved.</param>
    /// <param name="now">When they end.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="failedForSure">
    /// Whether those that failed did so just now without having run (refused, no key). Else only guesses give way.
    /// </param>
    public static async Task SpeakAsync(
        NpgsqlConnection connection, IReadOnlyCollection<(long Action, long Minion)> targets, Counters counters,
        DateTimeOffset now, CancellationToken cancellationToken, bool failedForSure = false)
    {
        if (targets.Count == 0)
        {
            return;
        }

        var sorted = targets.Order().ToArray();
        var ended = await Statement.QueryAsync(
            connection, SpeakSql,
            [
                now, Array.ConvertAll(sorted, one => one.Action), Array.ConvertAll(sorted, one => one.Minion),
                failedForSure,
            ],
            row => (Action: new ActionId(row.GetInt64(0)), Minion: row.GetInt64(1),
                Before: Enum.Parse<TargetStatus>(row.GetString(2)), After: Enum.Parse<TargetStatus>(row.GetString(3))),
            cancellationToken);
        foreach (var (action, minion, before, after) in ended)
        {
            counters.Add(action, CountChange.Move(before, after, 1), [minion]);
        }
    }

    /// <summary>
    /// An earlier attempt that is no guess, was not busy and is no history has returned late. A target that was queued
    /// again becomes what it was before, with its latest attempt, and ends by the truth. Index earlier_attempt_pkey.
    /// </summary>
    internal const string SpeakSql = """
        with spoken as materialized (
            select t.action_id, t.minion_key, t.status as before, t.attempt, e.number, e.status, e.reason
            from unnest((select $2::bigint[]), (select $3::bigint[])) as h(action_id, minion_key)
            join action_target t on t.action_id = h.action_id and t.minion_key = h.minion_key
            cross join lateral (
                select e.number, e.status, e.reason from earlier_attempt e
                where e.action_id = h.action_id and e.minion_key = h.minion_key and not e.guessed
                  and e.status <> 'Busy' and not e.history
                order by e.number desc limit 1) e
            where t.status = 'Queued' or t.status = 'Failed' and (t.guessed or $4)),
        back as (
            delete from earlier_attempt e using spoken s
            where s.before = 'Queued' and e.action_id = s.action_id and e.minion_key = s.minion_key
              and e.number = s.attempt
            returning e.*)
        update action_target t
        set status = s.status, settled_at = $1, guessed = false, not_before = null,
            submission_id = coalesce(t.submission_id, b.submission_id),
            picked_up_at = coalesce(t.picked_up_at, b.picked_up_at),
            returned_at = coalesce(t.returned_at, b.returned_at), repeats = t.repeats + coalesce(b.repeats, 0),
            reason = case when s.number = s.attempt then s.reason
                          else 'by attempt ' || s.number || ', which returned late' || coalesce(': ' || s.reason, '')
                     end
        from spoken s left join back b on b.action_id = s.action_id and b.minion_key = s.minion_key
        where t.action_id = s.action_id and t.minion_key = s.minion_key
        returning t.action_id, t.minion_key, s.before, t.status
        """;
}
