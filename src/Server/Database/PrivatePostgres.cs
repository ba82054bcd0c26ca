using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// The embedded default for a single machine: a PostgreSQL of saltern's own in its data folder. We reach it over a
/// socket in a folder that only its account and root can enter; a master on the same host reaches it on 127.0.0.1, on a
/// port that stays the same, with a role and password of its own.
/// </summary>
/// <remarks>
/// It runs apart from this process, so that Ctrl-C stops us first and a killed saltern takes no transaction with it:
/// the next start finds it running and adopts it. A lock on the data folder, which dies with its process, keeps a
/// second saltern from adopting, and later stopping, a database that is in use.
/// </remarks>
internal sealed partial class PrivatePostgres : IAsyncDisposable
{
    public const string DatabaseName = "saltern";

    internal const string FindDatabaseSql = "select 1 from pg_database where datname = $1";

    internal const string CreateDatabaseSql = $"create database {DatabaseName}";

    private readonly PrivateCluster cluster;
    private readonly PostgresBinaries binaries;
    private readonly FileStream folderLock;
    private readonly ILogger<PrivatePostgres> logger;

    private PrivatePostgres(
        PrivateCluster cluster, PostgresBinaries binaries, FileStream dataLock, ILogger<PrivatePostgres> logger)
    {
        this.cluster = cluster;
        this.binaries = binaries;
        folderLock = dataLock;
        this.logger = logger;
    }

    /// <summary>For ourselves: over the socket, as the owner of everything.</summary>
    public string ConnectionString => ConnectionStringOf(DatabaseName);

    /// <summary>Where a master on this host connects to, at 127.0.0.1.</summary>
    public int Port => cluster.Port;

    /// <summary>Whether a server left over by a saltern that was killed was found running and taken over.</summary>
    public bool Adopted { get; private set; }

    public static async Task<PrivatePostgres> StartAsync(
        string dataFolder, ILogger<PrivatePostgres> logger, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(dataFolder);
        var dataLock = Lock(folder);
        try
        {
            var cluster = new PrivateCluster(Path.Combine(folder, "postgres"));
            var binaries = await PostgresBinaries.FindAsync(cluster.Major, cancellationToken);
            var postgres = new PrivatePostgres(cluster, binaries, dataLock, logger);
            await postgres.StartAsync(cancellationToken);
            return postgres;
        }
        catch
        {
            await dataLock.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leads to the database of a saltern that is running in this data folder; null if none is.</summary>
    public static string? FindRunning(string dataFolder)
    {
        var cluster = new PrivateCluster(Path.Combine(Path.GetFullPath(dataFolder), "postgres"));
        return cluster.FindRunning() ? ConnectionStringOf(cluster, DatabaseName) : null;
    }

    public async ValueTask DisposeAsync()
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        NpgsqlConnection.ClearPool(connection);
        await StopAsync(CancellationToken.None);
        await folderLock.DisposeAsync();
    }

    /// <summary>Lets go of the folder without stopping the server, as a killed process does (for tests).</summary>
    internal ValueTask AbandonAsync() => folderLock.DisposeAsync();

    private static FileStream Lock(string dataFolder)
    {
        try
        {
            Directory.CreateDirectory(dataFolder);
            return new FileStream(Path.Combine(dataFolder, "saltern.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PostgresMissingException(
                $"The data folder {dataFolder} cannot be locked: {e.Message} Another saltern may be using it; stop "
                + "that one, or give this one a folder of its own with --data.");
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await cluster.PrepareAsync(binaries, cancellationToken);
        switch (cluster.FindLeftOver())
        {
            case LeftOver.Running:
                Adopted = true;
                LogAdopted(cluster.Folder, Port);
                break;
            case LeftOver.RunningElsewhere:
                await StopAsync(cancellationToken);
                await LaunchAsync(cancellationToken);
                break;
            default:
                await LaunchAsync(cancellationToken);
                break;
        }

        try
        {
            await CreateDatabaseAsync(cancellationToken);
        }
        catch when (!Adopted)
        {
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        RefuseTakenPort();
        await cluster.WriteSettingsAsync(binaries, cancellationToken);
        var (code, output) = await PgCtlStartAsync(cancellationToken);
        if (code != 0 && cluster.PortIsNew && IsTaken(Port))
        {
            // Somebody took it between the look and the start.
            await LaunchAsync(cancellationToken);
            return;
        }

        if (code != 0)
        {
            throw new PostgresMissingException(
                $"PostgreSQL {binaries.Major} did not start in {cluster.Folder}: {output}\n{cluster.LastWords()}");
        }

        LogStarted(binaries.Major, cluster.Folder, Port);
    }

    /// <summary>When nobody wants the server any more by the time it runs, it is stopped again.</summary>
    private async Task<(int Code, string Output)> PgCtlStartAsync(CancellationToken cancellationToken)
    {
        // A start that has begun is waited for: it takes a moment, and only a running server can be stopped.
        var started = await PostgresCommand.TryRunAsync(
            binaries.PgCtl, ["start", "-w", "-t", "300", "-D", cluster.Folder, "-l", cluster.StartLog],
            CancellationToken.None);
        if (cancellationToken.IsCancellationRequested)
        {
            await StopAsync(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return started;
    }

    /// <summary>Masters are configured with this port, so it is never changed behind their back.</summary>
    private void RefuseTakenPort()
    {
        while (IsTaken(Port))
        {
            if (cluster.PortIsNew)
            {
                // Somebody took it while the cluster was made.
                cluster.ChoosePort();
                continue;
            }

            throw new PostgresMissingException(
                $"Port {Port} on 127.0.0.1, which saltern's own PostgreSQL keeps for masters, is taken by another "
                + $"program. Stop that one, or write another port into {cluster.PortFile} and into the "
                + "masters' settings.");
        }
    }

    private static bool IsTaken(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionStringOf("postgres") + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var find = new NpgsqlCommand(FindDatabaseSql, connection);
        find.Parameters.Add(new NpgsqlParameter { Value = DatabaseName });
        if (await find.ExecuteScalarAsync(cancellationToken) is null)
        {
            await using var create = new NpgsqlCommand(CreateDatabaseSql, connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        var (code, output) = await PostgresCommand.TryRunAsync(
            binaries.PgCtl, ["stop", "-w", "-t", "120", "-m", "fast", "-D", cluster.Folder], cancellationToken);
        if (code == 0)
        {
            LogStopped(cluster.Folder);
        }
        else
        {
            LogNotStopped(cluster.Folder, output);
        }
    }

    private string ConnectionStringOf(string database) => ConnectionStringOf(cluster, database);

    private static string ConnectionStringOf(PrivateCluster cluster, string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = cluster.SocketFolder, Port = cluster.Port, Username = PrivateCluster.Owner, Database = database,
        }.ConnectionString;

    [LoggerMessage(LogLevel.Information, "Started PostgreSQL {Major} in {Folder}, for masters on 127.0.0.1:{Port}")]
    private partial void LogStarted(int major, string folder, int port);

    [LoggerMessage(LogLevel.Information, "Took over the PostgreSQL left running in {Folder}, on 127.0.0.1:{Port}")]
    private partial void LogAdopted(string folder, int port);

    [LoggerMessage(LogLevel.Information, "Stopped PostgreSQL in {Folder}")]
    private partial void LogStopped(string folder);

    [LoggerMessage(LogLevel.Warning, "PostgreSQL in {Folder} did not stop: {Reason}")]
    private partial void LogNotStopped(string folder, string reason);
}
