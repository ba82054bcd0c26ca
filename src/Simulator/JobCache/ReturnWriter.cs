using Npgsql;

namespace Saltern.Simulator.JobCache;

/// <summary>One writer with its kept connection; a broken one is opened anew for the next write, not for this one.</summary>
internal sealed class ReturnWriter(SimulatorOptions options, TimeProvider clock, NpgsqlDataSource source) : IDisposable
{
    private NpgsqlConnection? connection;

    public async Task WriteAsync(IReadOnlyList<DatabaseJobCache.Write> writes, CancellationToken cancellationToken)
    {
        if (connection is not { State: System.Data.ConnectionState.Open })
        {
            connection?.Dispose();
            connection = await source.OpenConnectionAsync(cancellationToken);
        }

        if (options.Fast)
        {
            await WriteTogetherAsync(connection, writes, cancellationToken);
            return;
        }

        foreach (DatabaseJobCache.Write write in writes)
        {
            await WriteOneAsync(connection, write, cancellationToken);
        }
    }

    public void Dispose() => connection?.Dispose();

    private async Task WriteOneAsync(NpgsqlConnection on, DatabaseJobCache.Write write, CancellationToken cancellationToken)
    {
        if (write.Row is not { } row)
        {
            await using NpgsqlCommand store = new(DatabaseJobCache.StoreEventSql, on);
            FillEvent(store.Parameters, write);
            await store.ExecuteNonQueryAsync(cancellationToken);
            return;
        }

        if (options.OverwriteLoad)
        {
            await using NpgsqlCommand load = new(DatabaseJobCache.SaveLoadSql, on);
            DatabaseJobCache.AddLoad(load.Parameters, row.Jid, row.Full);
            await load.ExecuteNonQueryAsync(cancellationToken);
        }

        if (row.HeldOpen is { } held)
        {
            await StoreLateAsync(on, row, held, cancellationToken);
            return;
        }

        await using NpgsqlCommand insert = new(DatabaseJobCache.StoreReturnSql, on);
        Fill(insert.Parameters, row);
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task StoreLateAsync(
        NpgsqlConnection on, StoredReturn row, TimeSpan held, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await on.BeginTransactionAsync(cancellationToken);
        await using NpgsqlCommand insert = new(DatabaseJobCache.StoreReturnSql, on);
        Fill(insert.Parameters, row);
        await insert.ExecuteNonQueryAsync(cancellationToken);
        await Task.Delay(held, clock, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    // For benchmarks: one transaction for many rows, and the load only once for each job, in order of jids so that
    // two writers never wait for each other in a circle.
    private async Task WriteTogetherAsync(
        NpgsqlConnection on, IReadOnlyList<DatabaseJobCache.Write> writes, CancellationToken cancellationToken)
    {
        await using NpgsqlBatch batch = new(on);
        foreach (DatabaseJobCache.Write write in writes)
        {
            if (write.Row is { } row)
            {
                NpgsqlBatchCommand insert = new(DatabaseJobCache.StoreReturnSql);
                Fill(insert.Parameters, row);
                batch.BatchCommands.Add(insert);
                continue;
            }

            NpgsqlBatchCommand store = new(DatabaseJobCache.StoreEventSql);
            FillEvent(store.Parameters, write);
            batch.BatchCommands.Add(store);
        }

        IEnumerable<StoredReturn> last = writes.Select(write => write.Row).OfType<StoredReturn>()
            .GroupBy(row => row.Jid).Select(rows => rows.Last()).OrderBy(row => row.Jid, StringComparer.Ordinal);
        foreach (StoredReturn row in options.OverwriteLoad ? last : [])
        {
            NpgsqlBatchCommand load = new(DatabaseJobCache.SaveLoadSql);
            DatabaseJobCache.AddLoad(load.Parameters, row.Jid, row.Full);
            batch.BatchCommands.Add(load);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private void Fill(NpgsqlParameterCollection parameters, StoredReturn row)
    {
        parameters.AddWithValue(row.Function);
        parameters.AddWithValue(row.Jid);
        DatabaseJobCache.AddLiteral(parameters, row.Value);
        parameters.AddWithValue(row.Id);
        parameters.AddWithValue(row.Success ? "true" : "false");
        DatabaseJobCache.AddLiteral(parameters, row.Full);
        parameters.AddWithValue(clock.GetUtcNow().UtcDateTime);
    }

    private void FillEvent(NpgsqlParameterCollection parameters, DatabaseJobCache.Write write)
    {
        parameters.AddWithValue(write.Tag);
        DatabaseJobCache.AddLiteral(parameters, write.Body);
        parameters.AddWithValue(options.Name);
        parameters.AddWithValue(clock.GetUtcNow().UtcDateTime);
    }
}
