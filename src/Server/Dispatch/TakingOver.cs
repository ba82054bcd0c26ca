using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Submissions without an outcome whose lease has ended: their node died, hangs, or got no usable answer. They are
/// taken over under their own jid. Never sent: send. Sent: evidence first — a return, the row in jids that Salt writes
/// before it publishes, the event of the new job. Any of them means accepted. None, once the master's own time-out is
/// over: once more with the same jid, soon enough that minions still know they have seen it, if a repetition does no
/// harm. Beyond that it stays unclear, and the deadline decides. Submissions of kinds that only a newer version knows
/// are left to nodes of that version.
/// </summary>
internal sealed partial class TakingOver(
    NpgsqlDataSource database,
    Submitting submitting,
    OutcomeRecording outcomes,
    ActionKinds kinds,
    NodeName node,
    IOptions<DispatchOptions> options,
    TimeProvider clock,
    ILogger<TakingOver> log)
{
    private const int Most = 50;

    /// <summary>One bounded pass over a master's undecided submissions; returns how many were taken over.</summary>
    public async Task<int> RunOnceAsync(
        MasterState master, ISaltApi salt, bool maySend, CancellationToken cancellationToken)
    {
        List<ClaimedSubmission> taken;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            taken = await Statement.QueryAsync(
                connection, TakeOverSql,
                [master.Id, node.Value, options.Value.Lease, Most, master.Timeout + options.Value.EvidenceGrace,
                    kinds.Names.ToArray()],
                Submitting.Read, cancellationToken);
        }

        foreach (var submission in taken)
        {
            await DecideAsync(submission, master, salt, maySend, cancellationToken);
        }

        return taken.Count;
    }

    private async Task DecideAsync(
        ClaimedSubmission submission, MasterState master, ISaltApi salt, bool maySend,
        CancellationToken cancellationToken)
    {
        if (submission.Sends == 0 && !maySend)
        {
            await outcomes.GiveBackUnsentAsync(
                submission.Id, submission.IsAsk, $"master {master.Name} takes nothing at the moment",
                cancellationToken);
            return;
        }

        if (submission.Sends == 0)
        {
            LogSending(submission.Jid.Value);
            await submitting.SendAsync(submission.Id, submission.Sends, master, salt, cancellationToken);
            return;
        }

        if (await FindEvidenceAsync(submission.Jid, cancellationToken) is { } evidence)
        {
            LogEvidence(submission.Jid.Value, evidence);
            await outcomes.RecordAsync(submission, master, new SubmitOutcome.Accepted([]), cancellationToken);
            return;
        }

        if (submission.Sends == 1 && submission.SafeToRepeat
            && submission.SinceFirstSent >= TimeSpan.Zero && submission.SinceFirstSent < options.Value.ResendWithin)
        {
            if (maySend)
            {
                LogResending(submission.Jid.Value);
                await submitting.SendAsync(submission.Id, submission.Sends, master, salt, cancellationToken);
            }

            return;
        }

        LogStaysUnclear(submission.Jid.Value);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, OutcomeRecording.OutcomeSql,
            [
                submission.Id.Value, "Unclear", "no usable answer, and no sign in the job cache that it was published",
                clock.GetUtcNow(), node.Value, submission.Sends,
            ],
            cancellationToken);
    }

    private async Task<string?> FindEvidenceAsync(Jid jid, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = Statement.Of(connection, EvidenceSql, jid.Value);
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>
    /// Index submission_undecided. A submission that was sent is left alone until the master's own time-out ($5) is
    /// over; one that never was is taken as soon as its lease ends: it is sent, or given back. $6 are the kinds
    /// we know. No lease is ever as long as 15 minutes: one that is was made before the database's clock was set back.
    /// </summary>
    internal const string TakeOverSql = """
        with expired as (
            select s.id from submission s join action a on a.id = s.action_id
            where s.outcome is null and s.master_id = $1 and a.kind = any($6::text[])
              and (s.lease_until <= now() or s.lease_until > now() + interval '15 min')
              and (s.sends = 0 or s.first_sent_at + $5::interval <= now()
                   or s.first_sent_at > now() + interval '15 min')
            order by s.id limit $4
            for update of s skip locked),
        taken as (
            update submission s set owner = $2, lease_until = now() + $3::interval
            from expired e where s.id = e.id
            returning s.id, s.action_id, s.jid, s.ask_purpose, s.about, s.arguments, s.sends, s.first_sent_at)
        select t.id, t.action_id, t.jid, t.ask_purpose, t.sends, now() - t.first_sent_at, a.kind,
               coalesce(t.arguments, a.arguments), a.safe_to_repeat, b.jid
        from taken t join action a on a.id = t.action_id left join submission b on b.id = t.about
        """;

    internal const string EvidenceSql = """
        select case
            when exists (select 1 from salt.jids where jid = $1) then 'the master has saved the job'
            when exists (select 1 from salt.salt_returns where jid = $1) then 'a minion has returned'
            when exists (select 1 from salt.salt_events where tag = 'salt/job/' || $1 || '/new')
                then 'the master has announced the job' end
        """;

    [LoggerMessage(Level = LogLevel.Information, Message = "Taking over {Jid}, which was never sent")]
    private partial void LogSending(string jid);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Jid} counts as accepted: {Evidence}")]
    private partial void LogEvidence(string jid, string evidence);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No trace of {Jid}: sending it once more, under the same jid")]
    private partial void LogResending(string jid);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "No trace of {Jid}, and too late or not safe to send again; the deadline of its targets decides")]
    private partial void LogStaysUnclear(string jid);
}
