using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;

namespace Saltern.Server.Database;

/// <summary>The files of saltern's own PostgreSQL: the cluster, its settings, its kept port, its socket.</summary>
internal sealed class PrivateCluster
{
    /// <summary>Owns everything in the cluster; has no password, so it can come in over the socket only.</summary>
    public const string Owner = "saltern";

    private const int FirstPort = 54320;

    /// <summary>A socket's path is limited to 107 bytes, its file name and a temporary suffix included.</summary>
    private const int LongestSocketFolder = 80;

    private const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string home;

    public PrivateCluster(string home)
    {
        this.home = home;
        var inside = Path.Combine(home, "socket");
        SocketFolder = Encoding.UTF8.GetByteCount(inside) <= LongestSocketFolder
            ? inside
            : $"/tmp/saltern-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(home)))[..16]}";
    }

    public string Folder => Path.Combine(home, "cluster");

    public string SocketFolder { get; }

    public string PortFile => Path.Combine(home, "port");

    public string StartLog => Path.Combine(home, "start.log");

    public int Port { get; private set; }

    /// <summary>Whether no master can know the port yet.</summary>
    public bool PortIsNew { get; private set; }

    /// <summary>The version of the existing cluster; null when there is none yet.</summary>
    public int? Major
    {
        get
        {
            var file = Path.Combine(Folder, "PG_VERSION");
            return File.Exists(file) ? int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) : null;
        }
    }

    private string PidFile => Path.Combine(Folder, "postmaster.pid");

    public async Task PrepareAsync(PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        await MakePrivateFolderAsync(home, cancellationToken);
        await MakePrivateFolderAsync(SocketFolder, cancellationToken);
        if (Major is null)
        {
            await InitializeAsync(binaries, cancellationToken);
        }

        Port = KeptPort();
    }

    /// <summary>
    /// Whether another process runs it right now; then its port is known, and nothing else was touched.
    /// </summary>
    public bool FindRunning()
    {
        if (!File.Exists(PortFile) || !File.Exists(PidFile))
        {
            return false;
        }

        Port = KeptPort();
        return FindLeftOver() == LeftOver.Running;
    }

    /// <summary>
    /// Looks whether a server runs here. A pid file whose process is gone, or is by now another program, is removed:
    /// PostgreSQL itself would refuse to start while any process has that number.
    /// </summary>
    public LeftOver FindLeftOver()
    {
        if (!File.Exists(PidFile))
        {
            return LeftOver.Nothing;
        }

        var lines = File.ReadAllLines(PidFile);
        if (!RunsHere(lines[0]))
        {
            File.Delete(PidFile);
            return LeftOver.Nothing;
        }

        return lines.Length > 4 && lines[3] == Port.ToString(CultureInfo.InvariantCulture) && lines[4] == SocketFolder
            ? LeftOver.Running
            : LeftOver.RunningElsewhere;
    }

    /// <summary>
    /// Written at each start; the administrator's own settings go into own.conf, which is read after it.
    /// </summary>
    public async Task WriteSettingsAsync(PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        var compression = await CompressionAsync(binaries, cancellationToken);
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024 * 1024);
        var settings = $"""
            # Written by saltern at each start. Your own settings go into own.conf beside this file.
            listen_addresses = '127.0.0.1'
            port = {Port}
            unix_socket_directories = '{SocketFolder.Replace("'", "''", StringComparison.Ordinal)}'
            unix_socket_permissions = 0700
            password_encryption = 'scram-sha-256'
            max_connections = 200
            shared_buffers = {Math.Clamp(memory / 8, 128, 2048)}MB
            max_wal_size = 4GB
            checkpoint_timeout = 15min
            wal_compression = {compression}
            random_page_cost = 1.1
            jit = off
            autovacuum_naptime = 15s
            timezone = 'UTC'
            log_timezone = 'UTC'
            logging_collector = on
            log_directory = 'log'
            log_filename = 'postgresql-%a.log'
            log_truncate_on_rotation = on
            log_rotation_age = 1d
            log_rotation_size = 0

            """;
        await WriteAsync("saltern.conf", settings, cancellationToken);
        await WriteAsync("pg_hba.conf", """
            # Written by saltern at each start. The socket is in a folder that only its owner can enter.
            local all all trust
            host all all 127.0.0.1/32 scram-sha-256

            """, cancellationToken);
    }

    /// <summary>The end of what PostgreSQL said when it last started, for the message that it did not.</summary>
    public string LastWords() => File.Exists(StartLog)
        ? string.Join('\n', File.ReadLines(StartLog).TakeLast(10))
        : "";

    private bool RunsHere(string pid)
    {
        var arguments = $"/proc/{pid.Trim()}/cmdline";
        try
        {
            return File.ReadAllText(arguments).Split('\0') is [var program, .. var rest]
                && Path.GetFileName(program) == "postgres" && rest.Contains(Folder);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            // The process is gone.
            return false;
        }
    }

    private async Task InitializeAsync(PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        // Made under another name: a start that is killed in the middle leaves nothing that looks like a cluster.
        var making = Folder + ".new";
        if (Directory.Exists(making))
        {
            Directory.Delete(making, recursive: true);
        }

        await PostgresCommand.RunAsync(
            binaries.Initdb,
            [
                "-D", making, "-U", Owner, "--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8",
                "--locale=C.UTF-8",
            ],
            cancellationToken);
        await File.AppendAllTextAsync(
            Path.Combine(making, "postgresql.conf"),
            "\ninclude 'saltern.conf'\ninclude_if_exists 'own.conf'\n",
            cancellationToken);
        Directory.Move(making, Folder);
    }

    /// <summary>
    /// PostgreSQL's own way to compress pages in the log costs the processor several times what lz4 does, which only
    /// those builds take that were made with it. Asked without the cluster's settings: they may not be written yet.
    /// </summary>
    private async Task<string> CompressionAsync(PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        var (code, _) = await PostgresCommand.TryRunAsync(
            binaries.Postgres,
            ["-C", "wal_compression", "-D", Folder, "-c", "config_file=/dev/null", "-c", "wal_compression=lz4"],
            cancellationToken);
        return code == 0 ? "lz4" : "on";
    }

    private int KeptPort()
    {
        if (File.Exists(PortFile))
        {
            var text = File.ReadAllText(PortFile);
            return int.TryParse(text, CultureInfo.InvariantCulture, out var kept) && kept is > 0 and < 65536
                ? kept
                : throw new PostgresMissingException($"{PortFile} does not hold a port number (1 to 65535).");
        }

        ChoosePort();
        return Port;
    }

    /// <summary>Takes the first port that nobody has; it is kept from then on.</summary>
    public void ChoosePort()
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Where(listener => listener.Address.Equals(IPAddress.Loopback) || listener.Address.Equals(IPAddress.Any))
            .Select(listener => listener.Port)
            .ToHashSet();
        Port = Enumerable.Range(FirstPort, 1000).First(candidate => !taken.Contains(candidate));
        PortIsNew = true;
        File.WriteAllText(PortFile, Port.ToString(CultureInfo.InvariantCulture));
    }

    private async Task WriteAsync(string name, string text, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Folder, name);
        await File.WriteAllTextAsync(file, text, cancellationToken);
        // PostgreSQL's account reads what root wrote; the folder keeps everyone else out.
        File.SetUnixFileMode(file, Ours | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    /// <summary>
    /// A folder that belongs to PostgreSQL's account and nobody else may enter. An existing one of another owner is
    /// refused: in /tmp anyone could have put it there to catch our connections.
    /// </summary>
    private static async Task MakePrivateFolderAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, Ours | UnixFileMode.UserExecute);
            await GiveAwayAsync(folder, cancellationToken);
        }

        // By their full paths: a program of that name in the current folder (our own ./test is one) would come first.
        var (code, _) = await PostgresCommand.TryRunAsync(
            "/usr/bin/test", ["-O", folder, "-a", "-x", folder], cancellationToken);
        if (code != 0)
        {
            throw new PostgresMissingException(
                $"PostgreSQL's account '{PostgresCommand.AccountName}' cannot use the folder {folder}: it must own it "
                + "and be able to enter the folders above it. Give a data folder where that is so, for example "
                + "--data /var/lib/saltern.");
        }
    }

    private static async Task GiveAwayAsync(string folder, CancellationToken cancellationToken)
    {
        if (PostgresCommand.AsAccount)
        {
            using var chown = System.Diagnostics.Process.Start(
                "/usr/bin/chown", [$"{PostgresCommand.Account}:", folder]);
            await chown.WaitForExitAsync(cancellationToken);
        }
    }
}
