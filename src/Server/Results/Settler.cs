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
internal sealed class Settler(
    NpgsqlDataSource database,
    BodyReader bodies,
    MinionFacts facts,
    SignsOfLife signsOfLife,
    SettlingMetrics metrics,
    Bells bells,
    IOptions<ResultsOptions> options,
    TimeProvider clock)
{
    /// <summary>One bounded pass.</summary>
    public async Task<Settled> RunOnceAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var ids = (await Statement.QueryAsync(
            connection, TakeSql, [options.Value.BatchSize], row => row.GetInt64(0), cancellationToken)).ToArray();
        if (ids.Length == 0)
        {
            return Settled.Nothing;
        }

        var read = await bodies.ReadAsync(connection, ids, cancellationToken);
        await facts.LearnAsync(
            [.. read.Grains.Select(one => (one.Minion, one.Grains, now))], connection, cancellationToken);
        var batch = new SettlingBatch(connection, ids, read, options.Value.BusyPause, now);
        var settled = await batch.SettleAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.Record(settled, clock.GetElapsedTime(started));
        bells.Due.Ring();
        await signsOfLife.TouchAsync(settled.Contacts, cancellationToken);
        return settled;
    }

    internal const string TakeSql = "select id from inbox order by id limit $1 for update skip locked";
}
