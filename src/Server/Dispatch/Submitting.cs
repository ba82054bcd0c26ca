using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Hands one submission to its master. Right before the call the lease is renewed by the database's clock; where that
/// changes no row, somebody else has taken over, the outcome is known, the action was cancelled before anything was
/// sent, or the time is up: nothing is sent. Nor if it was sent meanwhile: a process that was frozen may find that
/// another one under its own name has gone on. Minions have their time from the first call on.
/// </summary>
internal sealed partial class Submitting(
    NpgsqlDataSource database,
    ActionKinds kinds,
    OutcomeRecording outcomes,
    NodeName node,
    IOptions<DispatchOptions> options,
    TimeProvider clock,
    ILogger<Submitting> log)
{
    /// <summary>Sends the submission, if it is still ours to send, and records what came of it.</summary>
    /// <param name="id">The submission.</param>
    /// <param name="sends">How often it had been sent when this was decided.</param>
    /// <param name="master">Its master.</param>
    /// <param name="salt">Calls that master.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<SubmitOutcome?> SendAsync(
        SubmissionId id, int sends, MasterState master, ISaltApi salt, CancellationToken cancellationToken)
    {
        var (submission, minions) = await RenewAsync(id, sends, cancellationToken);
        if (submission is null)
        {
            await outcomes.GiveBackExpiredAsync(id, cancellationToken);
            return null;
        }

        if (minions.Count == 0)
        {
            await outcomes.RecordAsync(submission, master, new SubmitOutcome.Accepted([]), cancellationToken);
            return null;
        }

        var metadata = new SaltMetadata(
            new JsonObject { ["saltern"] = new JsonObject { ["action"] = submission.Action.Value } });
        var outcome = await salt.SubmitAsync(CallOf(submission), minions, submission.Jid, metadata, cancellationToken);
        LogSubmitted(submission.Jid.Value, submission.Action.Value, minions.Count, master.Name, outcome.GetType().Name);
        await outcomes.RecordAsync(submission, master, outcome, cancellationToken);
        return outcome;
    }

    private SaltCall CallOf(ClaimedSubmission submission)
    {
        var kind = kinds.Get(submission.Kind);
        return submission.Purpose is { } purpose
            ? AskCalls.Of(purpose, kind, submission.AboutJid)
            : kind.BuildCall(submission.Arguments);
    }

    private async Task<(ClaimedSubmission? Submission, IReadOnlyList<MinionId> Minions)> RenewAsync(
        SubmissionId id, int sends, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await Statement.QueryAsync(
            connection, RenewSql, [id.Value, node.Value, options.Value.Lease, clock.GetUtcNow(), sends], Read,
            cancellationToken);
        if (rows.Count == 0)
        {
            return (null, []);
        }

        var minions = await Statement.QueryAsync(
            connection, rows[0].IsAsk ? AskedMinionsSql : MinionsSql, [rows[0].Action.Value, id.Value],
            row => MinionId.Parse(row.GetString(0)), cancellationToken);
        return (rows[0], minions);
    }

    /// <summary>Reads the columns that <see cref="RenewSql"/> and the take-over return.</summary>
    public static ClaimedSubmission Read(NpgsqlDataReader row) => new()
    {
        Id = new SubmissionId(row.GetInt64(0)),
        Action = new ActionId(row.GetInt64(1)),
        Jid = Jid.Parse(row.GetString(2)),
        Purpose = row.IsDBNull(3) ? null : Enum.Parse<AskPurpose>(row.GetString(3)),
        Sends = row.GetInt32(4),
        SinceFirstSent = row.IsDBNull(5) ? TimeSpan.Zero : row.GetTimeSpan(5),
        Kind = row.GetString(6),
        Arguments = JsonElement.Parse(row.GetString(7)),
        SafeToRepeat = row.GetBoolean(8),
        AboutJid = row.IsDBNull(9) ? null : row.GetString(9),
    };

    internal const string RenewSql = """
        with renewed as (
            update submission s
            set lease_until = now() + $3::interval, sends = s.sends + 1,
                first_sent_at = coalesce(s.first_sent_at, now()),
                deadline_at = case when s.sends = 0 then $4 + (s.deadline_at - s.created_at) else s.deadline_at end
            from action a
            where s.id = $1 and s.owner = $2 and s.sends = $5 and s.lease_until > now() and s.outcome is null
              and s.not_after > $4 and a.id = s.action_id and (s.sends > 0 or s.is_ask or a.cancelled_at is null)
            returning s.id, s.action_id, s.jid, s.ask_purpose, s.about, s.arguments, s.sends, s.first_sent_at)
        select r.id, r.action_id, r.jid, r.ask_purpose, r.sends, now() - r.first_sent_at, a.kind,
               coalesce(r.arguments, a.arguments), a.safe_to_repeat, b.jid
        from renewed r join action a on a.id = r.action_id left join submission b on b.id = r.about
        """;

    /// <summary>Those of the submission that have not returned. Index action_target_by_status.</summary>
    internal const string MinionsSql = """
        select m.minion_id from action_target t join minion m on m.minion_key = t.minion_key
        where t.action_id = $1 and t.status = 'PickedUp' and t.submission_id = $2
        """;

    internal const string AskedMinionsSql = """
        select m.minion_id from ask k join minion m on m.minion_key = k.minion_key
        where k.action_id = $1 and k.submission_id = $2 and k.answered_at is null
        """;

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Submitted {Jid} of action {Action} for {Minions} minions to {Master}: {Outcome}")]
    private partial void LogSubmitted(string jid, long action, int minions, string master, string outcome);
}
