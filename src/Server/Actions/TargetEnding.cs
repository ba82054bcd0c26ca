using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions;

/// <summary>Ends targets that are picked up, without a return: what the master said, or that nobody answered.</summary>
internal static class TargetEnding
{
    /// <summary>
    /// Fails the picked-up targets of a submission, all or those named. A guess is marked as one; a late return
    /// replaces it, and where an attempt before this one has returned late, that is the last word. Returns how many
    /// there were.
    /// </summary>
    public static async Task<int> FailAsync(
        NpgsqlConnection connection,
        ActionId action,
        SubmissionId submission,
        IReadOnlyList<MinionId>? minions,
        string reason,
        bool guessed,
        Counters counters,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var names = minions?.Select(minion => minion.Value).ToArray();
        var ended = await Statement.QueryAsync(
            connection, FailSql, [action.Value, submission.Value, names, reason, guessed, now],
            row => (Minion: row.GetInt64(0), Status: Enum.Parse<TargetStatus>(row.GetString(1)),
                Waited: row.GetBoolean(2)),
            cancellationToken);
        foreach (var alike in ended.GroupBy(one => (one.Status, one.Waited)))
        {
            var alikeMinions = alike.Select(one => one.Minion).ToList();
            counters.Add(action, CountChange.End(alike.Key.Status, alike.Key.Waited, alikeMinions.Count), alikeMinions);
        }

        return ended.Count;
    }

    internal const string FailSql = """
        with waiting as (
            select t.action_id, t.minion_key, e.number, e.status, e.reason
            from action_target t join minion m on m.minion_key = t.minion_key
            left join lateral (
                select e.number, e.status, e.reason from earlier_attempt e
                where e.action_id = t.action_id and e.minion_key = t.minion_key and e.late
                order by e.number desc limit 1) e on true
            where t.action_id = $1 and t.submission_id = $2 and t.status = 'PickedUp'
              and ($3::text[] is null or m.minion_id = any($3::text[]))
            order by t.minion_key
            for update of t),
        failed as (
            update action_target t
            set status = coalesce(w.status, 'Failed'), settled_at = $6, guessed = $5 and w.status is null,
                reason = case when w.status is null then $4
                              else 'by attempt ' || w.number || ', which returned late'
                                  || coalesce(': ' || w.reason, '') end
            from waiting w
            where t.action_id = w.action_id and t.minion_key = w.minion_key
            returning t.minion_key, t.status, t.waits),
        fewer as (
            update submission
            set outstanding = outstanding - (select count(*) from failed where not waits),
                waiting = waiting - (select count(*) from failed where waits)
            where id = $2)
        select minion_key, status, waits from failed
        """;
}
