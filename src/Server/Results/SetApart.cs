using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// Settles what reading a body set apart from the rest of a batch: busy minions go back to the queue, answers are
/// kept or decide their target, and targets that need another answer are asked later. Each is rare beside the rest.
/// </summary>
internal sealed class SetApart(
    NpgsqlConnection connection, ReadReturns read, Counters counters, TimeSpan busyPause, DateTimeOffset now)
{
    /// <summary>
    /// Adds to <paramref name="fewer"/> how many outstanding returns each submission lost. Returns the
    /// inbox ids of returns whose targets wait for them no more.
    /// </summary>
    public async Task<IReadOnlyList<long>> SettleAsync(
        OutstandingChange fewer, CancellationToken cancellationToken)
    {
        var late = new List<long>();
        foreach (var (one, reason) in read.Busy)
        {
            var changed = await Statement.QueryAsync(
                connection, RequeueSql, [.. Key(one), reason, now, now + busyPause, one.ReturnedAt],
                row => (Status: Enum.Parse<TargetStatus>(row.GetString(0)), Waited: row.GetBoolean(1)),
                cancellationToken);
            foreach (var (status, waited) in changed)
            {
                Count(one, status, waited);
                fewer.End(one.Submission.Value, waited);
                await LateWords.SpeakAsync(
                    connection, [(one.Action.Value, one.Minion.Value)], counters, now, cancellationToken);
            }

            if (changed.Count == 0)
            {
                late.Add(one.InboxId);
            }
        }

        foreach (var (one, status, reason) in read.Decided)
        {
            var changed = await Statement.QueryAsync(
                connection, DecideSql, [.. Key(one), status.ToString(), reason, now], 
                row => (Submission: row.GetInt64(0), Waited: row.GetBoolean(1)), cancellationToken);
            await AnswerAsync(one, null, fewer, cancellationToken);
            foreach (var (submission, waited) in changed)
            {
                Count(one, status, waited);
                fewer.End(submission, waited);
            }
        }

        foreach (var (one, answer) in read.Answers)
        {
            await AnswerAsync(one, answer, fewer, cancellationToken);
        }

        foreach (var (one, after, reason) in read.AskLater)
        {
            if (!await AskLaterAsync(one, after, reason, fewer, cancellationToken))
            {
                late.Add(one.InboxId);
            }
        }

        return late;
    }

    private async Task AnswerAsync(
        ReturnToRead one, string? answer, OutstandingChange fewer, CancellationToken cancellationToken)
    {
        var answered = await Statement.ExecuteAsync(
            connection, AnswerSql, [.. Key(one), answer, now], cancellationToken);
        if (answered > 0)
        {
            fewer.End(one.Submission.Value);
        }
    }

    /// <summary>False for a return whose target waits for it no more.</summary>
    private async Task<bool> AskLaterAsync(
        ReturnToRead one, TimeSpan after, string reason, OutstandingChange fewer,
        CancellationToken cancellationToken)
    {
        if (one.IsAsk)
        {
            var asked = await Statement.ExecuteAsync(
                connection, AskAgainSql, [.. Key(one), now + after], cancellationToken);
            if (asked > 0)
            {
                fewer.End(one.Submission.Value);
            }

            return true;
        }

        var noted = await Statement.QueryAsync(
            connection, ReturnedSql, [.. Key(one), reason, one.ReturnedAt, now + after], row => row.GetInt64(0),
            cancellationToken);
        return noted is [> 0];
    }

    private void Count(ReturnToRead one, TargetStatus status, bool waited) =>
        counters.Add(one.Action, CountChange.End(status, waited, 1), [one.Minion.Value]);

    private static object?[] Key(ReturnToRead one) => [one.Action.Value, one.Minion.Value, one.Submission.Value];

    /// <summary>
    /// A busy minion did nothing: queued again, or cancelled where the action was cancelled or the target stopped
    /// meanwhile.
    /// </summary>
    internal const string RequeueSql = """
        with busy as (
            select * from action_target
            where action_id = $1 and minion_key = $2 and submission_id = $3 and status = 'PickedUp'
            for update),
        kept as (
            insert into earlier_attempt (action_id, minion_key, number, submission_id, status, picked_up_at,
                                         returned_at, ended_at, repeats, reason)
            select action_id, minion_key, attempt, submission_id, 'Busy', picked_up_at, $7, $5, repeats, $4
            from busy)
        update action_target t
        set status = case when e.ends then 'Cancelled' else 'Queued' end,
            settled_at = case when e.ends then $5::timestamptz end,
            not_before = case when e.ends then null else $6::timestamptz end,
            reason = coalesce('stopped by ' || b.stopped_by || ': ', '') || $4, stopped_by = null,
            submission_id = null, picked_up_at = null, returned_at = null, repeats = 0, waits = false
        from busy b join action a on a.id = b.action_id
        cross join lateral (select a.cancelled_at is not null or b.stopped_by is not null as ends) e
        where t.action_id = b.action_id and t.minion_key = b.minion_key
        returning t.status, b.waits
        """;

    /// <summary>
    /// An answer to an ask from before this attempt, come late, decides nothing; nor does one that nobody waits for any
    /// more (a copy, or one that was asked again since) say that it failed: by now that may be otherwise.
    /// </summary>
    internal const string DecideSql = """
        update action_target set status = $4, settled_at = $6, reason = $5
        where action_id = $1 and minion_key = $2 and status = 'PickedUp'
          and picked_up_at <= (select s.created_at from submission s where s.id = $3)
          and ($4 = 'Completed' or exists (
              select 1 from ask k where k.action_id = $1 and k.minion_key = $2 and k.submission_id = $3))
        returning submission_id, waits
        """;

    internal const string AnswerSql = """
        update ask set answer = $4, answered_at = $5, submission_id = null, on_contact = false, tries = 0
        where action_id = $1 and minion_key = $2 and submission_id = $3
        """;

    internal const string AskAgainSql = """
        update ask set submission_id = null, due_at = $4, tries = 0
        where action_id = $1 and minion_key = $2 and submission_id = $3
        """;

    /// <summary>
    /// The return is there, but the story goes on: the target stays picked up and its minion is asked.
    /// </summary>
    internal const string ReturnedSql = """
        with noted as (
            update action_target set reason = $4, returned_at = $5
            where action_id = $1 and minion_key = $2 and submission_id = $3 and status = 'PickedUp'
            returning 1),
        due as (
            update ask k set due_at = $6, submission_id = null, answered_at = null
            from noted n where k.action_id = $1 and k.minion_key = $2 and k.purpose = 'Kind')
        select count(*) from noted
        """;
}
