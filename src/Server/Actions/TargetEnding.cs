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
            row => (Minion: row.GetInt64(0), Waited: row.GetBoolean(1)), cancellationToken);
        foreach (var alike in ended.GroupBy(one => one.Waited))
        {
            var alikeMinions = alike.Select(one => one.Minion).ToList();
            counters.Add(action, CountChange.End(TargetStatus.Failed, alike.Key, alikeMinions.Count), alikeMinions);
        }

        await LateWords.SpeakAsync(
            connection, [.. ended.Select(one => (action.Value, one.Minion))], counters, now, cancellationToken,
            failedForSure: !guessed);

        return ended.Count;
    }

    internal const string FailSql = """
        with waiting as (
            select t.action_id, t.minion_key
            from action_target t join minion m on m.minion_key = t.minion_key
            where t.action_id = $1 and t.submission_id = $2 and t.status = 'PickedUp'
              and ($3::text[] is null or m.minion_id = any($3::text[]))
            order by t.minion_key
            for update of t),
        failed as (
            update action_target t
            set status = 'Failed', settled_at = $6, guessed = $5, reason = $4
            from waiting w
            where t.action_id = w.action_id and t.minion_key = w.minion_key
            returning t.minion_key, t.waits),
        fewer as (
            update submission
            set outstanding = outstanding - (select count(*) from failed where not waits),
                waiting = waiting - (select count(*) from failed where waits)
            where id = $2)
        select minion_key, waits from failed
        """;
}
