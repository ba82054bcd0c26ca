using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Metrics;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Writes what came of a submission, in one transaction with what follows from it for its targets. Only an outcome
/// that is still open, of a submission that is still ours and was not sent again since, is written: whoever comes
/// second, or slept past its lease, changes nothing.
/// </summary>
internal sealed partial class OutcomeRecording(
    NpgsqlDataSource database,
    Masters masters,
    Bells bells,
    NodeName node,
    IOptions<DispatchOptions> options,
    TimeProvider clock,
    ILogger<OutcomeRecording> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private static readonly Counter<long> Submissions = SalternMeter.Meter.CreateCounter<long>(
        "saltern_submissions", description: "Submissions by what came of the call");

    /// <summary>
    /// A call is over and its outcome known to nobody else: where PostgreSQL is away, it is tried again as long as the
    /// lease lasts. After that the submission looks like one whose node died, and evidence decides.
    /// </summary>
    public async Task RecordAsync(
        ClaimedSubmission submission, MasterState master, SubmitOutcome outcome, CancellationToken cancellationToken)
    {
        Submissions.Add(
            1, new("outcome", outcome.GetType().Name.ToLowerInvariant()), new("master", master.Name));
        var until = clock.GetUtcNow() + options.Value.Lease;
        for (var tries = 0; ; tries++)
        {
            if (tries > 1)
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }

            try
            {
                await RecordOnceAsync(submission, master, outcome, cancellationToken);
                return;
            }
            catch (NpgsqlException problem) when (DatabaseAway.Is(problem) && clock.GetUtcNow() < until)
            {
                // Where all sessions were cut, those that wait in the pool are broken as well.
                database.Clear();
                if (tries == 0)
                {
                    LogAgain(submission.Jid.Value, outcome.GetType().Name, problem.Message);
                }
            }
        }
    }

    private async Task RecordOnceAsync(
        ClaimedSubmission submission, MasterState master, SubmitOutcome outcome, CancellationToken cancellationToken)
    {
        switch (outcome)
        {
            case SubmitOutcome.Accepted accepted:
                await AcceptAsync(submission, master, accepted, cancellationToken);
                await masters.ReportUpAsync(master.Name, cancellationToken);
                break;
            case SubmitOutcome.Refused { Reason: var reason } when submission.Sends > 1:
                await AwaitEvidenceAsync(submission, master, reason, cancellationToken);
                break;
            case SubmitOutcome.NotSent { Reason: var reason } when submission.Sends > 1:
                // Of the first call nothing is known, whatever became of the second.
                await AwaitEvidenceAsync(submission, master, reason, cancellationToken);
                break;
            case SubmitOutcome.Refused refused:
                await RefuseAsync(submission, master, refused.Reason, cancellationToken);
                break;
            case SubmitOutcome.NotSent notSent:
                await GiveBackAsync(
                    submission.Id, submission.IsAsk, notSent.Reason, submission.Sends, cancellationToken);
                await masters.ReportDownAsync(master.Name, notSent.Cause, notSent.Reason, cancellationToken);
                break;
            case SubmitOutcome.Unclear unclear:
                await AwaitEvidenceAsync(submission, master, unclear.Reason, cancellationToken);
                // The next claim waits for a good login: a dead master behind a live salt-api answers like this.
                await masters.ReportDownAsync(
                    master.Name, NotSentCause.Unreachable, unclear.Reason, cancellationToken);
                break;
        }
    }

    /// <summary>
    /// A submission whose time was up before it was ever sent: its targets go back, and expire like the others.
    /// </summary>
    public async Task GiveBackExpiredAsync(SubmissionId id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var expired = await Statement.QueryAsync(
            connection, NeverSentSql, [id.Value, clock.GetUtcNow()], row => row.GetBoolean(0), cancellationToken);
        if (expired.Count > 0)
        {
            await GiveBackUnsentAsync(
                id, expired[0], "its time was up, or the action was cancelled, before it could be sent",
                cancellationToken);
        }
    }

    /// <summary>
    /// One of ours that was never sent, if that is still so: what was to run on its targets never left.
    /// </summary>
    public Task GiveBackUnsentAsync(
        SubmissionId id, bool isAsk, string reason, CancellationToken cancellationToken) =>
        GiveBackAsync(id, isAsk, reason, sends: 0, cancellationToken);

    private async Task AcceptAsync(
        ClaimedSubmission submission, MasterState master, SubmitOutcome.Accepted accepted,
        CancellationToken cancellationToken)
    {
        await WriteAsync(submission, "Accepted", null, async (connection, counters, now) =>
        {
            if (accepted.Unknown.Count == 0)
            {
                return;
            }

            if (submission.IsAsk)
            {
                await Statement.ExecuteAsync(
                    connection, AnswerUnknownSql,
                    [submission.Action.Value, submission.Id.Value,
                        accepted.Unknown.Select(minion => minion.Value).ToArray(), now],
                    cancellationToken);
                return;
            }

            await TargetEnding.FailAsync(
                connection, submission.Action, submission.Id, accepted.Unknown,
                $"master {master.Name} has no accepted key of this minion; it was not sent",
                guessed: submission.Sends > 1,
                counters, now, cancellationToken);
        }, cancellationToken);
    }

    private Task RefuseAsync(
        ClaimedSubmission submission, MasterState master, string reason, CancellationToken cancellationToken) =>
        WriteAsync(submission, "Refused", reason, async (connection, counters, now) =>
        {
            if (submission.IsAsk)
            {
                await ReleaseAsksAsync(connection, submission.Id, submission.Sends, now, cancellationToken);
                return;
            }

            await TargetEnding.FailAsync(
                connection, submission.Action, submission.Id, null,
                $"master {master.Name} refused the call: {reason}", guessed: false, counters, now, cancellationToken);
        }, cancellationToken);

    /// <summary>Nothing is known: look for evidence when the master's own time-out is over, then decide.</summary>
    private async Task AwaitEvidenceAsync(
        ClaimedSubmission submission, MasterState master, string reason, CancellationToken cancellationToken)
    {
        if (submission.IsAsk)
        {
            // An ask is safe to repeat and nobody waits for this very one: it is asked again under a new jid.
            await GiveBackAsync(submission.Id, isAsk: true, reason, submission.Sends, cancellationToken);
            return;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, UnclearSql,
            [
                submission.Id.Value, reason, node.Value, master.Timeout + options.Value.EvidenceGrace,
                submission.Sends,
            ],
            cancellationToken);
        LogUnclear(submission.Jid.Value, reason);
    }

    private async Task GiveBackAsync(
        SubmissionId id, bool isAsk, string reason, int sends, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (isAsk)
        {
            await ReleaseAsksAsync(connection, id, sends, now, cancellationToken);
        }

        var counters = new Counters();
        var moved = await Statement.QueryAsync(
            connection, GiveBackSql, [id.Value, now, reason, node.Value, sends],
            row => (Action: new ActionId(row.GetInt64(0)), Status: Enum.Parse<TargetStatus>(row.GetString(1)),
                Minions: row.GetFieldValue<long[]>(2), Waited: row.GetBoolean(3)),
            cancellationToken);
        foreach (var (action, status, minions, waited) in moved)
        {
            counters.Add(action, CountChange.End(status, waited, minions.Length));
            await LateWords.SpeakAsync(
                connection, [.. minions.Select(minion => (action.Value, minion))], counters, now, cancellationToken);
        }

        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task WriteAsync(
        ClaimedSubmission submission,
        string outcome,
        string? reason,
        Func<NpgsqlConnection, Counters, DateTimeOffset, Task> consequences,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var written = await Statement.ExecuteAsync(
            connection, OutcomeSql, [submission.Id.Value, outcome, reason, now, node.Value, submission.Sends],
            cancellationToken);
        if (written == 0)
        {
            LogTooLate(submission.Jid.Value, outcome);
            return;
        }

        var counters = new Counters();
        await consequences(connection, counters, now);
        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (counters.Any)
        {
            bells.Due.Ring();
        }
    }

    private Task ReleaseAsksAsync(
        NpgsqlConnection connection, SubmissionId id, int sends, DateTimeOffset now,
        CancellationToken cancellationToken) => Statement.ExecuteAsync(
        connection, ReleaseAsksSql,
        [id.Value, now, node.Value, options.Value.AskDeadline, options.Value.AskAbsent, sends], cancellationToken);

    internal const string OutcomeSql =
        """
        update submission set outcome = $2, reason = $3, outcome_at = $4
        where id = $1 and outcome is null and owner = $5 and sends = $6
        """;

    internal const string NeverSentSql = """
        select s.is_ask from submission s join action a on a.id = s.action_id
        where s.id = $1 and s.outcome is null and s.sends = 0
          and (s.not_after <= $2 or not s.is_ask and a.cancelled_at is not null)
        """;

    /// <summary>
    /// The lease ends when evidence may be looked for; whoever is first then takes the submission over.
    /// </summary>
    internal const string UnclearSql = """
        update submission set reason = $2, lease_until = greatest(now(), first_sent_at + $4::interval)
        where id = $1 and outcome is null and owner = $3 and sends = $5
        """;

    internal const string AnswerUnknownSql = """
        with answered as (
            update ask k set answered_at = $4, answer = '', submission_id = null from minion m
            where k.action_id = $1 and k.submission_id = $2 and k.purpose in ('Kind', 'Ping')
              and m.minion_key = k.minion_key
              and m.minion_id = any($3::text[])
            returning 1)
        update submission set outstanding = outstanding - (select count(*) from answered) where id = $2
        """;

    internal const string ReleaseAsksSql = """
        with released as (
            update ask k
            set submission_id = null, tries = k.tries + 1,
                due_at = $2::timestamptz + least($5::interval, $4::interval * power(2, least(k.tries, 20)))
            from submission s
            where s.id = $1 and s.owner = $3 and s.sends = $6 and k.action_id = s.action_id and k.submission_id = $1
              and k.answered_at is null
            returning 1)
        update submission set outstanding = 0
        where id = $1 and owner = $3 and sends = $6 and (select count(*) from released) >= 0
        """;

    /// <summary>
    /// The call never left: the attempt never was. An action cancelled meanwhile gets its targets back as cancelled.
    /// </summary>
    internal const string GiveBackSql = """
        with given_back as (
            update submission set outcome = 'NotSent', outcome_at = $2, reason = $3, outstanding = 0,
                waiting = 0
            where id = $1 and outcome is null and owner = $4 and sends = $5
            returning id, action_id, is_ask),
        moved as (
            update action_target t
            set status = case when e.ends then 'Cancelled' else 'Queued' end,
                settled_at = case when e.ends then $2 end,
                reason = case when a.cancelled_at is not null then 'cancelled before it was sent'
                              else coalesce('stopped by ' || t.stopped_by || ' before it was sent', 'not sent: ' || $3)
                         end,
                stopped_by = null, waits = false, submission_id = null, picked_up_at = null, returned_at = null,
                attempt = t.attempt - 1
            from given_back g join action a on a.id = g.action_id
            join action_target o on o.action_id = g.action_id and o.submission_id = g.id
            cross join lateral (select a.cancelled_at is not null or o.stopped_by is not null as ends) e
            where t.minion_key = o.minion_key and not g.is_ask and t.action_id = g.action_id
              and t.submission_id = g.id and t.status = 'PickedUp'
            returning t.action_id, t.status, t.minion_key, o.waits)
        select action_id, status, array_agg(minion_key), waits from moved group by action_id, status, waits
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "No usable answer to {Jid} ({Reason}); evidence decides whether it runs")]
    private partial void LogUnclear(string jid, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "PostgreSQL could not take the outcome {Outcome} of {Jid} ({Problem}); it is tried again and again")]
    private partial void LogAgain(string jid, string outcome, string problem);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The outcome {Outcome} of {Jid} came too late: another one stands already")]
    private partial void LogTooLate(string jid, string outcome);
}
