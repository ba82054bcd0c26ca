using System.Globalization;

namespace Saltern.Server.Database;

/// <summary>Where a PostgreSQL of this machine has its programs.</summary>
internal sealed record PostgresBinaries(string Folder, int Major)
{
    private const string DebianFolder = "/usr/lib/postgresql";

    private static readonly string[] Programs = ["initdb", "postgres", "pg_ctl"];

    public string Initdb => Path.Combine(Folder, "initdb");

    public string Postgres => Path.Combine(Folder, "postgres");

    public string PgCtl => Path.Combine(Folder, "pg_ctl");

    /// <summary>The newest that is new enough, or the one of the version that an existing cluster has.</summary>
    public static Task<PostgresBinaries> FindAsync(int? clusterMajor, CancellationToken cancellationToken) => FindAsync(
        DebianFolder, Environment.GetEnvironmentVariable("PATH") ?? "", clusterMajor, cancellationToken);

    internal static async Task<PostgresBinaries> FindAsync(
        string debianFolder, string path, int? clusterMajor, CancellationToken cancellationToken)
    {
        var found = new List<PostgresBinaries>();
        foreach (var folder in Candidates(debianFolder, path))
        {
            found.Add(new PostgresBinaries(folder, await MajorOfAsync(folder, cancellationToken)));
        }

        return Choose(found, clusterMajor);
    }

    internal static PostgresBinaries Choose(IReadOnlyList<PostgresBinaries> found, int? clusterMajor)
    {
        var usable = found.Where(binaries => binaries.Major == clusterMajor
            || (clusterMajor is null && binaries.Major >= SchemaChanges.OldestPostgres));
        return usable.MaxBy(binaries => binaries.Major) ?? throw new PostgresMissingException(clusterMajor is null
            ? $"{Seen(found)} on this machine; saltern needs PostgreSQL {SchemaChanges.OldestPostgres} or newer. "
                + "Install it with: sudo apt-get install postgresql, or name an existing database with --database."
            : $"{Seen(found)} on this machine, but the data folder was made by PostgreSQL {clusterMajor}. "
                + $"Install it with: sudo apt-get install postgresql-{clusterMajor}.");
    }

    private static string Seen(IReadOnlyList<PostgresBinaries> found) => found.Count == 0
        ? "No PostgreSQL was found"
        : $"Only PostgreSQL {string.Join(", ", found.Select(binaries => binaries.Major))} was found";

    private static IEnumerable<string> Candidates(string debianFolder, string path)
    {
        var debian = Directory.Exists(debianFolder)
            ? Directory.EnumerateDirectories(debianFolder).Select(version => Path.Combine(version, "bin"))
            : [];
        return debian
            .Concat(path.Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Where(folder => Programs.All(p => File.Exists(Path.Combine(folder, p))));
    }

    /// <summary>
    /// Debian names the folder by the version; elsewhere the program is asked ("postgres (PostgreSQL) 15.1").
    /// </summary>
    private static async Task<int> MajorOfAsync(string folder, CancellationToken cancellationToken)
    {
        if (int.TryParse(Path.GetFileName(Path.GetDirectoryName(folder)), CultureInfo.InvariantCulture, out var major))
        {
            return major;
        }

        var answer = await PostgresCommand.RunAsync(Path.Combine(folder, "postgres"), ["--version"], cancellationToken);
        var digits = answer.SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit).ToArray();
        return int.TryParse(digits, CultureInfo.InvariantCulture, out major) ? major : 0;
    }
}
