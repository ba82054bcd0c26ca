using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// Brings a database to the schema of this program. Files are applied in order, each in a transaction of its own that
/// also records it, under one advisory lock: of several nodes that start at once one applies, the others find it done.
/// There is no way back. A database that is ahead of the program, or whose applied files differ from the program's, is
/// refused, because a program that misreads its own tables does more harm than one that does not start.
/// </summary>
internal sealed partial class SchemaChanges(
    NpgsqlDataSource dataSource, IOptions<DatabaseOptions> options, ILogger<SchemaChanges> logger)
{
    public const int OldestPostgres = 15;

    private const long LockKey = 7261_0000;

    internal const string LockSql = "select pg_advisory_lock($1)";

    internal const string UnlockSql = "select pg_advisory_unlock($1)";

    internal const string ServerSql = """
        select current_setting('server_version_num')::int / 10000, current_setting('server_version'),
               current_setting('server_encoding'), current_database()
        """;

    internal const string PrepareSql = """
        create schema if not exists saltern;
        create table if not exists saltern.schema_change (
            number     integer primary key,
            name       text not null,
            sha256     text not null,
            applied_at timestamp with time zone not null default now());
        """;

    internal const string AppliedSql = "select number, name, sha256 from saltern.schema_change order by number";

    internal const string RecordSql = "insert into saltern.schema_change (number, name, sha256) values ($1, $2, $3)";

    /// <summary>Applies what is missing and returns it; throws <see cref="SchemaRefusedException"/>.</summary>
    public Task<IReadOnlyList<SchemaChange>> ApplyAsync(CancellationToken cancellationToken) =>
        ApplyAsync(SchemaChange.Embedded(), cancellationToken);

    internal async Task<IReadOnlyList<SchemaChange>> ApplyAsync(
        IReadOnlyList<SchemaChange> known, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await RefuseUnsuitableServerAsync(connection, cancellationToken);
        await RunAsync(connection, LockSql, [LockKey], cancellationToken);
        try
        {
            await RunAsync(connection, PrepareSql, [], cancellationToken);
            var applied = await ReadAppliedAsync(connection, cancellationToken);
            RefuseForeignSchema(known, applied, connection.Database);
            var missing = known.Where(change => change.Number > applied.Count).ToList();
            foreach (var change in missing)
            {
                await ApplyOneAsync(connection, change, cancellationToken);
            }

            return missing;
        }
        finally
        {
            // Not with the caller's token: a cancelled start must still let the next node have the lock.
            await RunAsync(connection, UnlockSql, [LockKey], CancellationToken.None);
        }
    }

    internal static void RefuseForeignSchema(
        IReadOnlyList<SchemaChange> known,
        IReadOnlyList<(int Number, string Name, string Sha256)> applied,
        string database)
    {
        var newestKnown = known.Count == 0 ? 0 : known[^1].Number;
        if (applied.Count > 0 && applied[^1].Number > newestKnown)
        {
            throw new SchemaRefusedException(
                $"The database '{database}' has schema {applied[^1].Number}, but this version of saltern knows only up "
                + $"to schema {newestKnown}. Start the newer saltern that made it, or restore the backup of before.");
        }

        foreach (var (row, change) in applied.Zip(known))
        {
            if (row.Number != change.Number || row.Sha256 != change.Sha256)
            {
                throw new SchemaRefusedException(
                    $"Schema change {row.Number:0000}_{row.Name} was applied to the database '{database}' with other "
                    + $"content than this version of saltern has for {change}. Applied changes are never edited: use "
                    + "the version of saltern that applied it, or a new database.");
            }
        }
    }

    private static async Task RefuseUnsuitableServerAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ServerSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        RefuseUnsuitableServer(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetString(3));
    }

    internal static void RefuseUnsuitableServer(int major, string version, string encoding, string database)
    {
        if (major < OldestPostgres)
        {
            throw new SchemaRefusedException(
                $"The database '{database}' is on PostgreSQL {version}; saltern needs PostgreSQL {OldestPostgres} or "
                + "newer.");
        }

        if (encoding != "UTF8")
        {
            throw new SchemaRefusedException(
                $"The database '{database}' has the encoding {encoding}; saltern needs UTF8. Create it with: "
                + $"create database {database} encoding 'UTF8' template template0.");
        }
    }

    private static async Task<IReadOnlyList<(int Number, string Name, string Sha256)>> ReadAppliedAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var applied = new List<(int, string, string)>();
        await using var command = new NpgsqlCommand(AppliedSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            applied.Add((reader.GetInt32(0), reader.GetString(1), reader.GetString(2)));
        }

        return applied;
    }

    private async Task ApplyOneAsync(
        NpgsqlConnection connection, SchemaChange change, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RunAsync(connection, change.Sql, [], cancellationToken);
        await RunAsync(connection, RecordSql, [change.Number, change.Name, change.Sha256], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogApplied(change.ToString(), connection.Database);
    }

    private async Task RunAsync(
        NpgsqlConnection connection, string sql, object[] values, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.CommandTimeout = (int)options.Value.SchemaChangeTimeout.TotalSeconds;
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Applied schema change {Change} to the database {Database}")]
    private partial void LogApplied(string change, string database);
}
