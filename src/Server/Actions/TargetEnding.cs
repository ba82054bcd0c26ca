using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions;

/// <summary>Ends targets that are picked up, without a return: what the master said, or that nobody answered.</summary>
internal static class TargetEnding
{
    /// <summary>
    /// Fails the picked-up targets of a submission, all or those named. A guess is marked as one; a late return
    /// replaces it. Returns how many there were.
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
        var failed = await Statement.QueryAsync(
            connection, FailSql, [action.Value, submission.Value, names, reason, guessed, now],
            row => row.GetInt64(0), cancellationToken);
        counters.Add(action, CountChange.Move(TargetStatus.PickedUp, TargetStatus.Failed, failed.Count), failed);
        return failed.Count;
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
            set status = 'Failed', settled_at = $6, reason = $4, guessed = $5
            from waiting w
            where t.action_id = w.action_id and t.minion_key = w.minion_key
            returning t.minion_key),
        fewer as (
            update submission set outstanding = outstanding - (select count(*) from failed) where id = $2)
        select minion_key from failed
        """;
}
