using System.Reflection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace Saltern.Server.Web;

/// <summary>
/// The files of wwwroot as they were embedded by the build. Found by exact name, so no path can lead out of them, and
/// from wherever the program is started.
/// </summary>
internal sealed class EmbeddedAssets : IFileProvider
{
    private const string Root = "wwwroot/";

    private readonly Assembly assembly = typeof(EmbeddedAssets).Assembly;
    private readonly HashSet<string> names;
    private readonly DateTimeOffset built;

    public EmbeddedAssets()
    {
        names = [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Root, StringComparison.Ordinal))];
        // Browsers ask by this time whether their copy is still good: any build may have changed the files.
        built = File.GetLastWriteTimeUtc(assembly.Location.Length > 0 ? assembly.Location : Environment.ProcessPath!);
    }

    public IFileInfo GetFileInfo(string subpath)
    {
        var name = Root + subpath.TrimStart('/');
        return names.Contains(name) ? new EmbeddedAsset(assembly, name, built) : new NotFoundFileInfo(subpath);
    }

    public IDirectoryContents GetDirectoryContents(string subpath) => NotFoundDirectoryContents.Singleton;

    public IChangeToken Watch(string filter) => NullChangeToken.Singleton;
}
