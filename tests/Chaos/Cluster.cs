using System.Diagnostics;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Chaos;

/// <summary>
/// A PostgreSQL that can be stopped in the middle of everything and started again. What it has committed it keeps: the
/// machine under it never stops, so nothing is synced, but every commit is written. A shell that waits for the end of
/// its input, which is this process, stops it and removes its folder, however badly this process ends.
/// </summary>
internal sealed class Cluster : IAsyncDisposable
{
    private const string Database = "saltern";

    private const string WatchdogScript = """
        trap : INT TERM HUP
        cat >/dev/null
        "$1" -D "$2/cluster" -m immediate stop >/dev/null 2>&1
        rm -rf "$2"
        """;

    private const string Settings =
        "-c listen_addresses= -c fsync=off -c synchronous_commit=on -c full_page_writes=off -c max_connections=200 "
        + "-c shared_buffers=128MB -c jit=off -c timezone=UTC -c log_min_messages=warning";

    private readonly PostgresBinaries binaries;
    private readonly string folder;
    private readonly Process watchdog;
    private readonly NpgsqlDataSource source;

    private Cluster(PostgresBinaries binaries, string folder, Process watchdog)
    {
        this.binaries = binaries;
        this.folder = folder;
        this.watchdog = watchdog;
        source = NpgsqlDataSource.Create($"{ConnectionString};Search Path=saltern;Pooling=false");
    }

    public string ConnectionString => $"Host={folder};Username=postgres;Database={Database}";

    public static async Task<Cluster> CreateAsync(CancellationToken cancellationToken)
    {
        var binaries = await PostgresBinaries.FindAsync(clusterMajor: null, cancellationToken);
        var folder = await PostgresCommand.RunAsync(
            "mktemp", ["-d", "/tmp/saltern-chaos-pg.XXXXXX"], cancellationToken);
        var watchdog = Process.Start(PostgresCommand.For(
            "sh", ["-c", WatchdogScript, "watchdog", binaries.PgCtl, folder]))!;
        var cluster = new Cluster(binaries, folder, watchdog);
        await PostgresCommand.RunAsync(
            binaries.Initdb,
            ["-D", $"{folder}/cluster", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            cancellationToken);
        await cluster.StartAsync(cancellationToken);
        await using var first = NpgsqlDataSource.Create(
            $"Host={folder};Username=postgres;Database=postgres;Pooling=false");
        await using var create = first.CreateCommand($"create database {Database}");
        await create.ExecuteNonQueryAsync(cancellationToken);
        return cluster;
    }

    /// <summary>The role of a master, who logs in with it here without a password.</summary>
    public string ConnectionStringOf(string role) => $"Host={folder};Username={role};Database={Database}";

    /// <summary>Returns when it takes connections; does nothing where it runs.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var (code, said) = await PostgresCommand.TryRunAsync(
                binaries.PgCtl,
                ["-D", $"{folder}/cluster", "-l", $"{folder}/log", "-w", "-t", "60", "-o", $"-k {folder} {Settings}",
                    "start"],
                cancellationToken);
            if (code == 0 || said.Contains("another server might be running", StringComparison.Ordinal))
            {
                return;
            }

            if (tries == 5)
            {
                throw new InvalidOperationException($"PostgreSQL did not start again: {said}");
            }
        }
    }

    /// <summary>Ends it as a power cut would: no checkpoint, no farewell to anybody.</summary>
    public Task CrashAsync(CancellationToken cancellationToken) => PostgresCommand.RunAsync(
        binaries.PgCtl, ["-D", $"{folder}/cluster", "-m", "immediate", "-w", "stop"], cancellationToken);

    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<List<T>> QueryAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 60;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        watchdog.StandardInput.Close();
        await watchdog.WaitForExitAsync();
        watchdog.Dispose();
    }
}
