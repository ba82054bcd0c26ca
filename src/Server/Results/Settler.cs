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
    Transactions transactions,
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
        var all = Settled.Nothing;
        Settled pass;
        do
        {
            pass = await RunOnceAsync(cancellationToken);
            if (pass.Drained >= options.Value.BatchSize)
            {
                var more = await Task.WhenAll(
                    Enumerable.Range(0, options.Value.AtATime).Select(_ => RunUntilEmptyAsync(cancellationToken)));
                pass = more.Aggregate(pass, (sum, settled) => sum + settled);
            }

            all += pass;
        }
        while (pass.Drained > 0);
        return all;
    }

    private async Task<Settled> RunUntilEmptyAsync(CancellationToken cancellationToken)
    {
        var all = Settled.Nothing;
        Settled pass;
        do
        {
            pass = await RunOnceAsync(cancellationToken);
            all += pass;
        }
        while (pass.Drained > 0);
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
            return await transactions.RunAsync(
                (connection, transaction) => TakeAndSettleAsync(connection, transaction, size, cancellationToken),
                cancellationToken);
        }
        catch (Exception problem) when (size > 1 && IsOfTheContent(problem))
        {
            LogHalved(problem, size);
            return await SettleAsync(size / 2, cancellationToken);
        }
    }

    private async Task<Settled> TakeAndSettleAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int size, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var now = clock.GetUtcNow();
        var taken = await Statement.QueryAsync(
            connection, TakeSql, [size, kinds.Names.ToArray()], TakenReturn.Read, cancellationToken);
        if (taken.Count == 0)
        {
            return Settled.Nothing;
        }

        var held = await HoldAsync(connection, taken, cancellationToken);
        var settled = size == 1
            ? await SettleOneAsync(connection, transaction, taken, now, cancellationToken)
            : await SettleTakenAsync(connection, taken, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.Record(settled, clock.GetElapsedTime(started));
        bells.Due.Ring();
        signsOfLife.Hear(taken.Where(one => one.IsMatched).Select(one => one.Minion));
        return settled with { Drained = settled.Drained + held };
    }

    /// <summary>
    /// Takes those for kinds that this version does not know out of the batch, and leaves them, marked, to a node of a
    /// newer version; returns how many there were.
    /// </summary>
    private static async Task<int> HoldAsync(
        NpgsqlConnection connection, List<TakenReturn> taken, CancellationToken cancellationToken)
    {
        var unknown = taken.Where(one => one.UnknownKind is not null).ToArray();
        if (unknown.Length > 0)
        {
            taken.RemoveAll(one => one.UnknownKind is not null);
            await Statement.ExecuteAsync(
                connection, HoldSql,
                [unknown.Select(one => one.InboxId).ToArray(), unknown.Select(one => one.UnknownKind!).ToArray()],
                cancellationToken);
        }

        return unknown.Length;
    }

    private async Task<Settled> SettleTakenAsync(
        NpgsqlConnection connection, List<TakenReturn> taken, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var read = await bodies.ReadAsync(connection, taken, cancellationToken);
        taken.RemoveAll(one => read.LeftForLater.Contains(one.InboxId));
        return await SettleReadAsync(connection, taken, read, now, cancellationToken);
    }

    /// <summary>A batch of one; where its content is what fails, its target fails with that reason.</summary>
    private async Task<Settled> SettleOneAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, List<TakenReturn> taken, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await transaction.SaveAsync("taken", cancellationToken);
        try
        {
            return await SettleTakenAsync(connection, taken, now, cancellationToken);
        }
        catch (Exception problem) when (IsOfTheContent(problem))
        {
            LogUnreadable(problem);
            await transaction.RollbackAsync("taken", cancellationToken);
            var unreadable = ReadReturns.Unreadable(taken, $"the return could not be read: {problem.Message}");
            return await SettleReadAsync(connection, taken, unreadable, now, cancellationToken);
        }
    }

    private Task<Settled> SettleReadAsync(
        NpgsqlConnection connection, List<TakenReturn> taken, ReadReturns read, DateTimeOffset now,
        CancellationToken cancellationToken) =>
        new SettlingBatch(connection, taken, read, options.Value, now).SettleAsync(cancellationToken);

    /// <summary>Data that PostgreSQL or a reader refuses, as against a database that is away.</summary>
    private static bool IsOfTheContent(Exception problem) => problem
        is PostgresException { SqlState: ['2', '2', ..] or ['5', '4', ..] } or JsonException or InvalidCastException;

    /// <summary>
    /// The oldest rows that nobody else has, each with the submission and the minion it belongs to. Those are looked up
    /// one by one (offset 0 keeps it so): a join would read the whole fleet for each batch. Indexes inbox_pkey,
    /// submission_jid_key, minion_key_domain_id_minion_id_key.
    /// </summary>
    internal const string TakeSql = """
        select i.id, i.returned_at, i.success, s.id, s.action_id, m.minion_key, s.is_ask,
               s.is_ask or s.reads_body = 'always' or s.reads_body = 'failed' and not i.success,
               case when s.kind <> all($2::text[]) then s.kind end
        from (
            select * from inbox where held_for is null or held_for = any($2::text[])
            order by id limit $1 for update skip locked) i
        left join lateral (
            select s.id, s.action_id, s.is_ask, r.key_domain_id, a.reads_body, a.kind
            from submission s join master r on r.id = s.master_id join action a on a.id = s.action_id
            where s.jid = i.jid offset 0) s on true
        left join lateral (
            select k.minion_key from minion k
            where k.key_domain_id = s.key_domain_id and k.minion_id = i.minion_id offset 0) m on true
        """;

    internal const string HoldSql = """
        update inbox i set held_for = h.kind from unnest($1::bigint[], $2::text[]) as h(id, kind) where i.id = h.id
        """;

    [LoggerMessage(Level = LogLevel.Error, Message = "A return could not be settled; its target fails with the reason")]
    private partial void LogUnreadable(Exception problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Size} returns could not be settled; halving it")]
    private partial void LogHalved(Exception problem, int size);
}
