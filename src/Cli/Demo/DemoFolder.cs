using Saltern.Server.Database;

namespace Saltern.Cli.Demo;

/// <summary>
/// Where a demo keeps its database: a folder that lasts, or one for this run alone, which is removed at its end.
/// </summary>
internal sealed class DemoFolder : IDisposable
{
    private const UnixFileMode PassThrough = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly bool lasts;

    private DemoFolder(string path, bool lasts)
    {
        Path = path;
        this.lasts = lasts;
    }

    public string Path { get; }

    public static DemoFolder Lasting(string path) => new(System.IO.Path.GetFullPath(path), lasts: true);

    /// <summary>A new folder, so that nothing is inherited and another demo may run beside it.</summary>
    public static DemoFolder ForOneRun()
    {
        var folder = Directory.CreateTempSubdirectory("saltern-demo-");
        if (PostgresCommand.AsAccount)
        {
            // PostgreSQL's account must get through to the folder of its own inside; it need not list this one.
            File.SetUnixFileMode(folder.FullName, PassThrough);
        }

        return new DemoFolder(folder.FullName, lasts: false);
    }

    public void Dispose()
    {
        if (!lasts)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
