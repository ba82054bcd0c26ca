using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Plan and claim in one transaction per master, under that master's lock, so that limits hold exactly however many
/// nodes there are. What commits here is the intent: status, attempt, submission and jid stand before any call leaves.
/// </summary>
internal sealed class Claiming(
    NpgsqlDataSource database, NodeName node, IOptions<DispatchOptions> options, TimeProvider clock)
{
    /// <summary>So many due actions are looked at in one pass; the next pass goes on where places are free.</summary>
    private const int MostActions = 200;

    /// <summary>Submissions claimed in one transaction: it holds the counters that settling waits for.</summary>
    private const int MostBatches = 4;

    /// <summary>Advisory locks of ours: this class, with the master's id.</summary>
    public const int MasterLockClass = 7262;

    /// <summary>Claims what is due on this master within its limits. Returns the submissions to hand over.</summary>
    public async Task<IReadOnlyList<SubmissionId>> ClaimAsync(
        MasterState master, SaltMasterOptions settings, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, LockSql, [MasterLockClass, master.Id], cancellationToken);
        var inFlight = await CountInFlightAsync(connection, master, cancellationToken);
        var due = await ReadDueAsync(connection, master, settings.MaxInFlight - inFlight, now, cancellationToken);
        var limits = new DispatchLimits(settings.MaxInFlight, settings.MaxNamesPerSubmission);
        var claimed = new List<SubmissionId>();
        var counters = new Counters();
        foreach (var batch in DispatchPlan.For(due, inFlight, limits, now).Take(MostBatches))
        {
            if (await ClaimBatchAsync(connection, master, batch, counters, now, cancellationToken) is { } submission)
            {
                claimed.Add(submission);
            }
        }

        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return claimed;
    }

    private static async Task<int> CountInFlightAsync(
        NpgsqlConnection connection, MasterState master, CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(connection, InFlightSql, master.Id);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<List<DueAction>> ReadDueAsync(
        NpgsqlConnection connection, MasterState master, int free, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        if (free <= 0)
        {
            return [];
        }

        var due = await Statement.QueryAsync(
            connection,
            DueSql,
            [master.Id, now, options.Value.AnswerCounts, free, MostActions],
            ReadDue,
            cancellationToken);
        var ids = due.Select(action => action.Id.Value).Order().ToArray();
        await Counters.LockAsync(connection, ids, cancellationToken);
        var inFlight = (await Statement.QueryAsync(
            connection, CountsSql, [ids], row => (row.GetInt64(0), row.GetInt32(1)), cancellationToken)).ToDictionary();
        return [.. due.Select(action => action with { InFlight = inFlight[action.Id.Value] })];
    }

    private static DueAction ReadDue(NpgsqlDataReader row) => new(
        new ActionId(row.GetInt64(0)),
        row.GetString(1),
        row.GetFieldValue<DateTimeOffset>(2),
        row.GetFieldValue<DateTimeOffset>(3),
        TimeSpan.FromSeconds(row.GetInt32(4)),
        row.IsDBNull(5) ? null : row.GetInt32(5),
        row.IsDBNull(6) ? null : row.GetInt32(6),
        row.GetBoolean(7),
        row.GetInt32(8),
        row.GetInt32(9),
        InFlight: 0);

    private async Task<SubmissionId?> ClaimBatchAsync(
        NpgsqlConnection connection, MasterState master, PlannedBatch batch, Counters counters, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var (submission, jid) = await NextAsync(connection, now, cancellationToken);
        var minions = await Statement.QueryAsync(
            connection,
            ClaimSql,
            [
                master.Id, now, options.Value.AnswerCounts, batch.Action.Id.Value, batch.Targets, submission.Value,
                jid.Value, now + batch.Action.Deadline, batch.Action.ExpiresAt, node.Value, options.Value.Lease,
            ],
            row => row.GetInt64(0),
            cancellationToken);
        if (minions.Count == 0)
        {
            return null;
        }

        if (batch.Action.AsksFirst)
        {
            await Statement.ExecuteAsync(
                connection, KeepAnswersSql,
                [batch.Action.Id.Value, minions.ToArray(), now + options.Value.AskDeadline], cancellationToken);
        }

        counters.Add(
            batch.Action.Id, CountChange.Move(TargetStatus.Queued, TargetStatus.PickedUp, minions.Count), minions);
        return submission;
    }

    /// <summary>The id and the jid of the next submission, of any node.</summary>
    public static async Task<(SubmissionId Id, Jid Jid)> NextAsync(
        NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var next = await Statement.QueryAsync(
            connection, NextSql, [],
            row => (new SubmissionId(row.GetInt64(0)), Jid.Create(now, (int)row.GetInt64(1))), cancellationToken);
        return next[0];
    }

    internal const string LockSql = "select pg_advisory_xact_lock($1, $2)";

    internal const string NextSql = "select nextval('submission_id'), nextval('jid_serial')";

    /// <summary>Asks are small and do not count. Index submission_open.</summary>
    internal const string InFlightSql =
        """
        select coalesce(sum(outstanding), 0)::int from submission
        where master_id = $1 and outstanding > 0 and not is_ask
        """;

    /// <summary>Indexes action_due, action_target_by_status.</summary>
    internal const string DueSql = $"""
        select a.id, a.kind, a.earliest_at, a.expires_at, a.deadline_seconds, a.batch_size, a.batch_percent,
               a.asks_first, r.ready, c.total
        from action a
        join action_counts c on c.action_id = a.id
        cross join lateral (
            select count(*)::int as ready from (
                select 1 from action_target t join minion m on m.minion_key = t.minion_key
                where t.action_id = a.id and {ReadyTargets.Condition}
                limit $4) as found) as r
        where a.status in ('Scheduled', 'Running') and a.cancelled_at is null and a.earliest_at <= $2
          and a.expires_at > $2 and c.queued > 0 and r.ready > 0
          and c.picked_up < case when a.batch_size is not null then a.batch_size
                                 when a.batch_percent is not null
                                     then greatest(1, c.total::bigint * a.batch_percent / 100)
                                 else c.total end
        order by a.earliest_at, a.id
        limit $5
        """;

    internal const string CountsSql =
        "select action_id, picked_up from action_counts where action_id = any($1::bigint[])";

    internal const string ClaimSql = $"""
        with chosen as (
            select t.action_id, t.minion_key
            from action a
            join action_target t on t.action_id = a.id
            join minion m on m.minion_key = t.minion_key
            where a.id = $4 and a.cancelled_at is null and a.expires_at > $2 and {ReadyTargets.Condition}
            order by t.minion_key
            limit $5
            for update of t skip locked),
        claimed as (
            update action_target t
            set status = 'PickedUp', picked_up_at = $2, submission_id = $6, attempt = t.attempt + 1, not_before = null,
                reason = null
            from chosen c where t.action_id = c.action_id and t.minion_key = c.minion_key
            returning t.minion_key),
        submitted as (
            insert into submission (id, action_id, master_id, jid, minions, outstanding, created_at, deadline_at,
                                    not_after, owner, lease_until)
            select $6, $4, $1, $7, count(*), count(*), $2, $8, $9, $10, now() + $11::interval
            from claimed having count(*) > 0)
        select minion_key from claimed
        """;

    /// <summary>
    /// What the minion answered before is kept, to be compared; it is asked again when it has returned.
    /// </summary>
    internal const string KeepAnswersSql = """
        update ask set before = answer, answer = null, answered_at = null, submission_id = null, due_at = $3
        where action_id = $1 and minion_key = any($2::bigint[])
        """;
}
