using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Rig;

/// <summary>
/// One private PostgreSQL per test run, started when the first test needs it: no port, its socket in a short temporary
/// folder, nothing synced. It is the child of a shell that waits for the end of its input, which is this process: when
/// the process ends, however badly, the shell stops the server and removes the folder.
/// </summary>
/// <remarks>Register with <c>[assembly: AssemblyFixture(typeof(PostgresServer))]</c>.</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Template = "saltern_template";

    private const string WatchdogScript = """
        folder=$1; shift
        trap : INT TERM HUP
        "$@" </dev/null >"$folder/log" 2>&1 &
        server=$!
        cat >/dev/null
        kill -QUIT $server 2>/dev/null
        wait $server
        rm -rf "$folder"
        """;

    private static readonly string[] ForTests =
    [
        "listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300",
        "shared_buffers=128MB", "jit=off", "max_wal_size=2GB", "checkpoint_timeout=1h", "timezone=UTC",
        "log_statement=none", "log_min_messages=warning",
    ];

    private readonly SemaphoreSlim one = new(1);
    private readonly string place;
    private readonly IReadOnlyList<string> settings;
    private Process? watchdog;
    private string? folder;
    private bool templateReady;
    private int databases;

    public PostgresServer()
        : this("/tmp", ForTests)
    {
    }

    /// <summary>One with settings of its own, its folder made in <paramref name="place"/>.</summary>
    internal PostgresServer(string place, IReadOnlyList<string> settings)
    {
        this.place = place;
        this.settings = settings;
    }

    /// <summary>A new database with the schema of this program, or empty.</summary>
    internal async Task<string> CreateDatabaseAsync(bool migrated, CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            await StartAsync(cancellationToken);
            var name = $"test_{++databases}";
            if (migrated)
            {
                await MakeTemplateAsync(cancellationToken);
            }

            var template = migrated ? Template : "template1";
            await ExecuteAsync("postgres", $"create database {name} template {template}", cancellationToken);
            await ExecuteAsync("postgres", CopyRights(template, name), cancellationToken);
            return ConnectionStringOf(name);
        }
        finally
        {
            one.Release();
        }
    }

    internal Task DropDatabaseAsync(string name) =>
        ExecuteAsync("postgres", $"drop database if exists {name} with (force)", CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (watchdog is not null)
        {
            NpgsqlConnection.ClearAllPools();
            watchdog.StandardInput.Close();
            await watchdog.WaitForExitAsync();
            watchdog.Dispose();
            watchdog = null;
        }

        one.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        if (watchdog is not null)
        {
            return;
        }

        var binaries = await PostgresBinaries.FindAsync(clusterMajor: null, cancellationToken);
        // PostgreSQL's own account makes the folder, so that it owns it also when the tests run as root.
        folder = await PostgresCommand.RunAsync("mktemp", ["-d", $"{place}/saltern-pg.XXXXXX"], cancellationToken);
        var cluster = $"{folder}/cluster";
        await PostgresCommand.RunAsync(
            binaries.Initdb,
            ["-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            cancellationToken);
        var given = settings.SelectMany(setting => new[] { "-c", setting });
        string[] server = [binaries.Postgres, "-D", cluster, "-k", folder, .. given];
        watchdog = Process.Start(PostgresCommand.For("sh", ["-c", WatchdogScript, "watchdog", folder, .. server]))!;
        await WaitUntilItAnswersAsync(cancellationToken);
    }

    private async Task WaitUntilItAnswersAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await ExecuteAsync("postgres", "select 1", cancellationToken);
                return;
            }
            catch (NpgsqlException) when (started.Elapsed < TimeSpan.FromSeconds(30) && !watchdog!.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
            }
        }
    }

    private async Task MakeTemplateAsync(CancellationToken cancellationToken)
    {
        if (templateReady)
        {
            return;
        }

        // Left half made where a schema change failed: every class shall see that failure, not its leftovers.
        await ExecuteAsync("postgres", $"drop database if exists {Template}", cancellationToken);
        await ExecuteAsync("postgres", $"create database {Template} template template0", cancellationToken);
        var options = new DatabaseOptions { ConnectionString = ConnectionStringOf(Template) + ";Pooling=false" };
        await using var dataSource = DatabaseConnections.Build(options, NullLoggerFactory.Instance);
        await new SchemaChanges(dataSource, Options.Create(options), NullLogger<SchemaChanges>.Instance)
            .ApplyAsync(cancellationToken);
        templateReady = true;
    }

    private async Task ExecuteAsync(string database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionStringOf(database) + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Rights on the database itself, which schema changes grant and revoke, are not copied with it.</summary>
    private static string CopyRights(string template, string name) => $"""
        update pg_database
        set datacl = (select datacl from pg_database where datname = '{template}' and not datistemplate)
        where datname = '{name}'
        """;

    private string ConnectionStringOf(string database) => $"Host={folder};Username=postgres;Database={database}";
}
