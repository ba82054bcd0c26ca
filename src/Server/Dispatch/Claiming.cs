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
    NpgsqlDataSource database, ActionKinds kinds, IEnumerable<CallPreparation> preparations, NodeName node,
    IOptions<DispatchOptions> options, TimeProvider clock)
{
    /// <summary>Submissions claimed in one transaction: it holds the counters that settling waits for.</summary>
    private const int MostBatches = 4;

    private const int JidTriesInASecond = 10;
    private const int MostJidTries = 100;

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
        var ready = await ReadReadyAsync(connection, master, settings, inFlight, now, cancellationToken);
        var limits = new DispatchLimits(settings.MaxInFlight, settings.MaxNamesPerSubmission);
        var claimed = new List<SubmissionId>();
        var counters = new Counters();
        var minions = ready.ToDictionary(one => one.Due.Id, one => new Queue<long>(one.Minions));
        var callsLeft = options.Value.MostCallsInClaim;
        foreach (var batch in DispatchPlan.For([.. ready.Select(one => one.Due)], inFlight, limits, now)
            .Take(master.OnTrial ? 1 : MostBatches))
        {
            var left = minions[batch.Action.Id];
            var taken = Enumerable.Range(0, batch.Targets).Select(_ => left.Dequeue()).ToArray();
            var submissions = await ClaimBatchAsync(
                connection, master, batch.Action, taken, callsLeft, counters, now, cancellationToken);
            callsLeft -= PreparationOf(batch.Action) is null ? 0 : submissions.Count;
            claimed.AddRange(submissions);
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

    /// <summary>
    /// What is ready, with counters that are locked, so that no other transaction moves them before this one commits.
    /// </summary>
    private async Task<IReadOnlyList<ReadyAction>> ReadReadyAsync(
        NpgsqlConnection connection, MasterState master, SaltMasterOptions settings, int inFlight, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var free = Math.Min(settings.MaxInFlight - inFlight, MostBatches * settings.MaxNamesPerSubmission);
        if (free <= 0)
        {
            return [];
        }

        var ready = await DueLook.ReadAsync(
            connection, master.Id, kinds, free, settings.MaxInFlight + free, options.Value.AnswerCounts, now,
            cancellationToken);
        var ids = ready.Select(one => one.Due.Id.Value).Order().ToArray();
        await Counters.LockAsync(connection, ids, cancellationToken);
        var counts = (await Statement.QueryAsync(
            connection, CountsSql, [ids], row => (row.GetInt64(0), row.GetInt32(1)), cancellationToken)).ToDictionary();
        return
        [
            .. ready.Where(one => counts.ContainsKey(one.Due.Id.Value))
                .Select(one => one with { Due = one.Due with { InFlight = counts[one.Due.Id.Value] } }),
        ];
    }

    /// <summary>
    /// One submission; several where the minions of the action need different arguments, those for most minions first,
    /// as far as the claim may have them. Minions of the others stay queued for the next claim.
    /// </summary>
    private async Task<IReadOnlyList<SubmissionId>> ClaimBatchAsync(
        NpgsqlConnection connection, MasterState master, DueAction action, long[] ready, int callsLeft,
        Counters counters, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (PreparationOf(action) is not { } preparation)
        {
            return await ClaimAsync(connection, master, action, ready, null, counters, now, cancellationToken) is
                { Submission: { } only } ? [only] : [];
        }

        var claimed = new List<SubmissionId>();
        if (callsLeft <= 0)
        {
            return claimed;
        }

        var calls = await preparation.PrepareAsync(connection, action.Id, ready, now, cancellationToken);
        foreach (var call in calls.OrderByDescending(call => call.Minions.Count))
        {
            if (call.Refusal is not null)
            {
                await SkipAsync(connection, action.Id, call, counters, now, cancellationToken);
                continue;
            }

            if (claimed.Count >= callsLeft)
            {
                continue;
            }

            var (submission, minions) = await ClaimAsync(
                connection, master, action, [.. call.Minions], call.Arguments, counters, now, cancellationToken);
            if (submission is { } made)
            {
                await preparation.RecordAsync(connection, action.Id, call, minions, now, cancellationToken);
                claimed.Add(made);
            }
        }

        return claimed;
    }

    private CallPreparation? PreparationOf(DueAction action) =>
        preparations.FirstOrDefault(one => one.Kind == action.Kind);

    private static async Task SkipAsync(
        NpgsqlConnection connection, ActionId action, PreparedCall call, Counters counters, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var skipped = await Statement.QueryAsync(
            connection, SkipSql, [action.Value, call.Minions.ToArray(), now, call.Refusal], row => row.GetInt64(0),
            cancellationToken);
        counters.Add(action, CountChange.Move(TargetStatus.Queued, TargetStatus.Skipped, skipped.Count), skipped);
    }

    private async Task<(SubmissionId? Submission, IReadOnlyList<long> Minions)> ClaimAsync(
        NpgsqlConnection connection, MasterState master, DueAction action, long[] ready, string? arguments,
        Counters counters, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (submission, jid) = await NextAsync(connection, now, cancellationToken);
        var minions = await Statement.QueryAsync(
            connection,
            ClaimSql,
            [
                master.Id, now, options.Value.AnswerCounts, action.Id.Value, ready, submission.Value,
                jid.Value, now + action.Deadline, action.ExpiresAt, node.Value, options.Value.Lease, arguments,
            ],
            row => row.GetInt64(0),
            cancellationToken);
        if (minions.Count == 0)
        {
            return (null, []);
        }

        if (action.AsksFirst)
        {
            await Statement.ExecuteAsync(
                connection, KeepAnswersSql,
                [action.Id.Value, minions.ToArray(), now + options.Value.AskDeadline], cancellationToken);
        }

        counters.Add(action.Id, CountChange.Move(TargetStatus.Queued, TargetStatus.PickedUp, minions.Count), minions);
        return (submission, minions);
    }

    /// <summary>
    /// The id and the jid of the next submission, of any node. A jid that is taken already (the clock was set back, a
    /// master has it from before) is passed over; where a second seems to be used up, the next one is taken.
    /// </summary>
    public static async Task<(SubmissionId Id, Jid Jid)> NextAsync(
        NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MostJidTries; tries++)
        {
            var second = now.AddSeconds(tries / JidTriesInASecond);
            var next = await Statement.QueryAsync(
                connection, NextSql, [],
                row => (Id: new SubmissionId(row.GetInt64(0)), Jid: Jid.Create(second, (int)row.GetInt64(1))),
                cancellationToken);
            await using var taken = Statement.Of(connection, TakenSql, next[0].Jid.Value);
            if (await taken.ExecuteScalarAsync(cancellationToken) is not true)
            {
                return next[0];
            }
        }

        throw new InvalidOperationException($"Of {MostJidTries} jids from {now:O} on, all are taken.");
    }

    /// <summary>
    /// Compiling a look costs more than the look: PostgreSQL, which guesses that it is long, takes 100 ms for it.
    /// </summary>
    internal const string LockSql = "select pg_advisory_xact_lock($1, $2), set_config('jit', 'off', true)";

    /// <summary>Indexes submission_jid_key, jids_pkey.</summary>
    internal const string TakenSql = """
        select exists (select 1 from submission where jid = $1) or exists (select 1 from salt.jids where jid = $1)
        """;

    internal const string NextSql = "select nextval('submission_id'), nextval('jid_serial')";

    /// <summary>Asks are small and do not count. Index submission_open.</summary>
    internal const string InFlightSql =
        """
        select coalesce(sum(outstanding), 0)::int from submission
        where master_id = $1 and outstanding > 0 and not is_ask
        """;

    internal const string CountsSql =
        "select action_id, picked_up - waiting from action_counts where action_id = any($1::bigint[])";

    internal const string ClaimSql = $"""
        with chosen as (
            select t.action_id, t.minion_key
            from action a
            join action_target t on t.action_id = a.id
            join minion m on m.minion_key = t.minion_key
            where a.id = $4 and t.minion_key = any($5::bigint[]) and a.cancelled_at is null and a.expires_at > $2
              and {ReadyTargets.Condition}
            order by t.minion_key
            for update of t skip locked),
        claimed as (
            update action_target t
            set status = 'PickedUp', picked_up_at = $2, submission_id = $6, attempt = t.attempt + 1, not_before = null,
                reason = null
            from chosen c where t.action_id = c.action_id and t.minion_key = c.minion_key
            returning t.minion_key),
        submitted as (
            insert into submission (id, action_id, master_id, jid, minions, outstanding, created_at, deadline_at,
                                    not_after, owner, lease_until, arguments)
            select $6, $4, $1, $7, count(*), count(*), $2, $8, $9, $10, now() + $11::interval, $12::json
            from claimed having count(*) > 0)
        select minion_key from claimed
        """;

    /// <summary>Index action_target_pkey.</summary>
    internal const string SkipSql = """
        update action_target t set status = 'Skipped', settled_at = $3, reason = $4, not_before = null
        where t.action_id = $1 and t.minion_key = any($2::bigint[]) and t.status = 'Queued'
        returning t.minion_key
        """;

    /// <summary>
    /// What the minion answered before is kept, to be compared; it is asked again when it has returned.
    /// </summary>
    internal const string KeepAnswersSql = """
        update ask set before = answer, answer = null, answered_at = null, submission_id = null, due_at = $3
        where action_id = $1 and minion_key = any($2::bigint[]) and purpose = 'Kind'
        """;
}
