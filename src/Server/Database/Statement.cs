using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// Writes a command with positional parameters in one line: <c>connection.Statement(ClaimSql, now, id)</c>.
/// </summary>
internal static class Statement
{
    /// <summary>
    /// A command on this connection, inside whatever transaction is open on it; null becomes SQL's null.
    /// </summary>
    public static NpgsqlCommand Of(NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        return command;
    }

    /// <summary>Runs a statement and says how many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(
        NpgsqlConnection connection, string sql, object?[] values, CancellationToken cancellationToken)
    {
        await using var command = Of(connection, sql, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The same for a statement that may take longer than most.</summary>
    public static async Task<int> ExecuteAsync(
        NpgsqlConnection connection, string sql, object?[] values, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        await using var command = Of(connection, sql, values);
        command.CommandTimeout = (int)timeout.TotalSeconds;
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs a query and makes one value of each of its rows.</summary>
    public static async Task<List<T>> QueryAsync<T>(
        NpgsqlConnection connection,
        string sql,
        object?[] values,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellationToken)
    {
        await using var command = Of(connection, sql, values);
        return await ReadAsync(command, read, cancellationToken);
    }

    /// <summary>The same for a query that may take longer than most.</summary>
    public static async Task<List<T>> QueryAsync<T>(
        NpgsqlConnection connection,
        string sql,
        object?[] values,
        Func<NpgsqlDataReader, T> read,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        await using var command = Of(connection, sql, values);
        command.CommandTimeout = (int)timeout.TotalSeconds;
        return await ReadAsync(command, read, cancellationToken);
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
