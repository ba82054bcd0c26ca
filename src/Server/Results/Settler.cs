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
    SignsOfLife signsOfLife,
    SettlingMetrics metrics,
    Bells bells,
    IOptions<ResultsOptions> options,
    TimeProvider clock,
    ILogger<Settler> log)
{
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
        var ids = (await Statement.QueryAsync(
            connection, TakeSql, [size], row => row.GetInt64(0), cancellationToken)).ToArray();
        if (ids.Length == 0)
        {
            return Settled.Nothing;
        }

        var read = unreadable is null
            ? await bodies.ReadAsync(connection, ids, cancellationToken)
            : ReadReturns.Unreadable(ids, unreadable);
        ids = [.. ids.Except(read.LeftForLater)];
        var batch = new SettlingBatch(connection, ids, read, options.Value.BusyPause, now);
        var settled = await batch.SettleAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.Record(settled, clock.GetElapsedTime(started));
        bells.Due.Ring();
        await signsOfLife.TouchAsync(settled.Contacts, cancellationToken);
        return settled;
    }

    /// <summary>Data that PostgreSQL or a reader refuses, as against a database that is away.</summary>
    private static bool IsOfTheContent(Exception problem) => problem
        is PostgresException { SqlState: ['2', '2', ..] or ['5', '4', ..] } or JsonException or InvalidCastException;

    internal const string TakeSql = "select id from inbox order by id limit $1 for update skip locked";

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Size} returns could not be settled; halving it")]
    private partial void LogHalved(Exception problem, int size);
}
