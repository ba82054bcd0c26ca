using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Rig;

/// <summary>
/// A database of a test class's own, with the schema of this program: <c>IClassFixture&lt;TestDatabase&gt;</c>.
/// </summary>
public sealed class TestDatabase(PostgresServer server) : IAsyncLifetime
{
    private NpgsqlDataSource? dataSource;

    public string ConnectionString { get; private set; } = "";

    public string Name => new NpgsqlConnectionStringBuilder(ConnectionString).Database!;

    /// <summary>Built as the server builds its own.</summary>
    public NpgsqlDataSource DataSource =>
        dataSource ?? throw new InvalidOperationException("The database is made by InitializeAsync.");

    /// <summary>For a test that needs several, or an empty one; the caller disposes it.</summary>
    public static async Task<TestDatabase> CreateAsync(PostgresServer server, bool migrated = true)
    {
        var database = new TestDatabase(server);
        await database.InitializeAsync(migrated);
        return database;
    }

    public ValueTask InitializeAsync() => InitializeAsync(migrated: true);

    /// <summary>Runs SQL that a test needs for its ground or its faults.</summary>
    public async Task<int> ExecuteAsync(string sql, params object[] values)
    {
        await using var command = DataSource.CreateCommand(sql);
        AddValues(command, values);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row; null is the type's default.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = DataSource.CreateCommand(sql);
        AddValues(command, values);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <summary>
    /// The fault "the database session dies": ends every session on this database but the one asking.
    /// </summary>
    public Task<long> KillSessionsAsync() => ScalarAsync<long>("""
        select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
        """);

    public async ValueTask DisposeAsync()
    {
        if (dataSource is not null)
        {
            await dataSource.DisposeAsync();
            await server.DropDatabaseAsync(Name);
            dataSource = null;
        }
    }

    private static void AddValues(NpgsqlCommand command, object[] values)
    {
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }
    }

    private async ValueTask InitializeAsync(bool migrated)
    {
        ConnectionString = await server.CreateDatabaseAsync(migrated, CancellationToken.None);
        var options = new DatabaseOptions { ConnectionString = ConnectionString, MaxPoolSize = 20 };
        dataSource = DatabaseConnections.Build(options, NullLoggerFactory.Instance);
    }
}
