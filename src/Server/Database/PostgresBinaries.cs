using System.Globalization;

namespace Saltern.Server.Database;

/// <summary>Where the newest usable PostgreSQL of this machine has its programs.</summary>
internal sealed record PostgresBinaries(string Folder, int Major)
{
    private const string DebianFolder = "/usr/lib/postgresql";

    public string Initdb => Path.Combine(Folder, "initdb");

    public string Postgres => Path.Combine(Folder, "postgres");

    public static PostgresBinaries Find() => Find(DebianFolder, Environment.GetEnvironmentVariable("PATH") ?? "");

    internal static PostgresBinaries Find(string debianFolder, string path)
    {
        var found = DebianCandidates(debianFolder)
            .Concat(path.Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Where(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")))
            .Select(folder => new PostgresBinaries(folder, MajorOf(folder)))
            .OrderByDescending(binaries => binaries.Major)
            .ToList();
        if (found.Count > 0 && found[0].Major >= SchemaChanges.OldestPostgres)
        {
            return found[0];
        }

        var seen = found.Count == 0 ? "No PostgreSQL was found" : $"Only PostgreSQL {found[0].Major} was found";
        throw new PostgresMissingException(
            $"{seen} on this machine; saltern needs PostgreSQL {SchemaChanges.OldestPostgres} or newer. Install it with: "
            + "sudo apt-get install postgresql, or name an existing database with --database.");
    }

    private static IEnumerable<string> DebianCandidates(string debianFolder) => Directory.Exists(debianFolder)
        ? Directory.EnumerateDirectories(debianFolder).Select(version => Path.Combine(version, "bin"))
        : [];

    /// <summary>Debian names the folder by the version; elsewhere the program is asked.</summary>
    private static int MajorOf(string folder)
    {
        if (int.TryParse(Path.GetFileName(Path.GetDirectoryName(folder)), CultureInfo.InvariantCulture, out var major))
        {
            return major;
        }

        var answer = PostgresCommand.Run(Path.Combine(folder, "postgres"), ["--version"]);
        var digits = answer.SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit).ToArray();
        return int.TryParse(digits, CultureInfo.InvariantCulture, out major) ? major : 0;
    }
}
