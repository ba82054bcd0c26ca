using System.Runtime.CompilerServices;

namespace Saltern.Server.Tests.Gates;

/// <summary>The files of this repository as they stand on disk: what the gates look at.</summary>
internal static class SourceTree
{
    private static readonly string[] NotOurs = ["/artifacts/", "/node_modules/", "/wwwroot/lib/", "/.git/"];

    public static string Root { get; } = FindRoot();

    /// <summary>All files with one of these endings, as paths from the root.</summary>
    public static IEnumerable<string> Files(params string[] endings) => Directory
        .EnumerateFiles(Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        .Where(file => !NotOurs.Any(part => file.Contains(part, StringComparison.Ordinal)))
        .Where(file => endings.Length == 0 || endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
        .Select(file => Path.GetRelativePath(Root, file))
        .Order(StringComparer.Ordinal);

    public static IReadOnlyList<SourceFile> CSharp { get; } =
        [.. Files(".cs").Select(path => new SourceFile(path, Read(path)))];

    /// <summary>Pages are markup with some C# in it: only lines and columns are counted there.</summary>
    public static IReadOnlyList<SourceFile> Razor { get; } =
        [.. Files(".razor").Select(path => new SourceFile(path, Read(path)))];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>
    /// By where this file was compiled from; else upwards from the tests, as after a build elsewhere.
    /// </summary>
    private static string FindRoot([CallerFilePath] string here = "")
    {
        var start = File.Exists(here) ? Path.GetDirectoryName(here)! : AppContext.BaseDirectory;
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Saltern.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"Saltern.slnx was not found above {start}.");
    }
}
