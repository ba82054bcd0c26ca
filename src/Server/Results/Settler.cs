using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Results;

/// <summary>
/// Turns returns into statuses: takes a bounded batch out of the inbox and settles it, set-based, in one transaction
/// with the attempts, the counters and the removal of exactly those inbox rows. A crash before the commit leaves the
/// rows for the next pass; after it there is nothing left to do twice. A return is matched by (jid, minion); one that
/// matches nothing is counted and settles nothing.
/// </summary>
internal sealed partial class Settler(
    NpgsqlDataSource database,
    BodyReader bodies,
    ActionKinds kinds,
    SignsOfLife signsOfLife,
    SettlingMetrics metrics,
    Bells bells,
    IOptions<ResultsOptions> options,
    TimeProvider clock,
    ILogger<Settler> log)
{
    /// <summary>
    /// Passes until the inbox is empty. After a full one several go on at a time, each with rows of its own.
    /// </summary>
    public async Task<Settled> DrainAsync(CancellationToken cancellationToken)
    {
        var first = await RunOnceAsync(cancellationToken);
        var atATime = first.Drained < options.Value.BatchSize ? 1 : options.Value.AtATime;
        var rest = await Task.WhenAll(
            Enumerable.Range(0, atATime).Select(_ => RunUntilEmptyAsync(cancellationToken)));
        return rest.Aggregate(first, (sum, settled) => sum + settled);
    }

    private async Task<Settled> RunUntilEmptyAsync(CancellationToken cancellationToken)
    {
        var all = Settled.Nothing;
        while (await RunOnceAsync(cancellationToken) is { Drained: > 0 } settled)
        {
            all += settled;
        }

        return all;
    }

    /// <summary>One bounded pass.</summary>
    public Task<Settled> RunOnceAsync(CancellationToken cancellationToken) =>
        SettleAsync(options.Value.BatchSize, cancellationToken);

    /// <summary>
    /// A return that nobody could foresee must not hold up the others: a batch that fails by what is in it is halved
    /// until the one is found, and that one fails its target with the reason.
    /// </summary>
    private async Task<Settled> SettleAsync(int size, CancellationToken cancellationToken)
    {
        try
        {
            return await SettleAsync(size, unreadable: null, cancellationToken);
        }
        catch (Exception problem) when (IsOfTheContent(problem))
        {
            LogHalved(problem, size);
            return size > 1
                ? await SettleAsync(size / 2, cancellationToken)
                : await SettleAsync(1, $"the return could not be read: {problem.Message}", cancellationToken);
        }
    }

    private async Task<Settled> SettleAsync(int size, string? unreadable, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var taken = await Statement.QueryAsync(
            connection, TakeSql, [size, kinds.Names.ToArray()], TakenReturn.Read, cancellationToken);
        if (taken.Count == 0)
        {
            return Settled.Nothing;
        }

        var read = unreadable is null
            ? await bodies.ReadAsync(connection, taken, cancellationToken)
            : ReadReturns.Unreadable(taken, unreadable);
        taken.RemoveAll(one => read.LeftForLater.Contains(one.InboxId));
        var batch = new SettlingBatch(connection, taken, read, options.Value.BusyPause, now);
        var settled = await batch.SettleAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.Record(settled, clock.GetElapsedTime(started));
        bells.Due.Ring();
        signsOfLife.Hear(taken.Where(one => one.IsMatched).Select(one => one.Minion));
        return settled;
    }

    /// <summary>Data that PostgreSQL or a reader refuses, as against a database that is away.</summary>
    private static bool IsOfTheContent(Exception problem) => problem
        is PostgresException { SqlState: ['2', '2', ..] or ['5', '4', ..] } or JsonException or InvalidCastException;

    /// <summary>
    /// The oldest rows that nobody else has, each with the submission and the minion it belongs to. Those are looked up
    /// one by one (offset 0 keeps it so): a join would read the whole fleet for each batch. What returns for a kind
    /// that only nodes of a newer version know waits for one of them. Indexes inbox_pkey, submission_open,
    /// submission_jid_key, minion_key_domain_id_minion_id_key.
    /// </summary>
    internal const string TakeSql = """
        select i.id, i.returned_at, i.success, s.id, s.action_id, m.minion_key, s.is_ask,
               s.is_ask or s.reads_body = 'always' or s.reads_body = 'failed' and not i.success
        from (
            select * from inbox
            where jid <> all(array(
                select s.jid from submission s join action a on a.id = s.action_id
                where s.outstanding > 0 and a.kind <> all($2::text[])))
            order by id limit $1 for update skip locked) i
        left join lateral (
            select s.id, s.action_id, s.is_ask, r.key_domain_id, a.reads_body
            from submission s join master r on r.id = s.master_id join action a on a.id = s.action_id
            where s.jid = i.jid offset 0) s on true
        left join lateral (
            select k.minion_key from minion k
            where k.key_domain_id = s.key_domain_id and k.minion_id = i.minion_id offset 0) m on true
        """;

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Size} returns could not be settled; halving it")]
    private partial void LogHalved(Exception problem, int size);
}
