using Npgsql;

namespace Saltern.Simulator.JobCache;

/// <summary>
/// One writer with its kept connection; a broken one is opened anew for the next write, not for this one.
/// </summary>
internal sealed class ReturnWriter(SimulatorOptions options, TimeProvider clock, NpgsqlDataSource source) : IDisposable
{
    internal const string StoreManySql = """
        insert into salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        select r.fun, r.jid, r.value::json, r.id, r.success, r.full_ret::json, $7
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            as r (fun, jid, value, id, success, full_ret)
        """;

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

    private async Task WriteOneAsync(
        NpgsqlConnection on, DatabaseJobCache.Write write, CancellationToken cancellationToken)
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
        StoredReturn[] rows = [.. writes.Select(write => write.Row).OfType<StoredReturn>()];
        if (rows.Length > 0)
        {
            NpgsqlBatchCommand insert = new(StoreManySql);
            insert.Parameters.AddWithValue(rows.Select(row => row.Function).ToArray());
            insert.Parameters.AddWithValue(rows.Select(row => row.Jid).ToArray());
            insert.Parameters.AddWithValue(rows.Select(row => row.Value).ToArray());
            insert.Parameters.AddWithValue(rows.Select(row => row.Id).ToArray());
            insert.Parameters.AddWithValue(rows.Select(row => row.Success ? "true" : "false").ToArray());
            insert.Parameters.AddWithValue(rows.Select(row => row.Full).ToArray());
            insert.Parameters.AddWithValue(clock.GetUtcNow().UtcDateTime);
            batch.BatchCommands.Add(insert);
        }

        foreach (DatabaseJobCache.Write write in writes.Where(write => write.Row is null))
        {
            NpgsqlBatchCommand store = new(DatabaseJobCache.StoreEventSql);
            FillEvent(store.Parameters, write);
            batch.BatchCommands.Add(store);
        }

        IEnumerable<StoredReturn> last = rows
            .GroupBy(row => row.Jid).Select(group => group.Last()).OrderBy(row => row.Jid, StringComparer.Ordinal);
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
