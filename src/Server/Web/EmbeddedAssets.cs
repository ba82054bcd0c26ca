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

    private readonly Assembly _assembly = typeof(EmbeddedAssets).Assembly;
    private readonly HashSet<string> _names;
    private readonly DateTimeOffset _built;

    public EmbeddedAssets()
    {
        _names = [.. _assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Root, StringComparison.Ordinal))];
        // Browsers ask by this time whether their copy is still good: any build may have changed the files.
        _built = File.GetLastWriteTimeUtc(_assembly.Location.Length > 0 ? _assembly.Location : Environment.ProcessPath!);
    }

    public IFileInfo GetFileInfo(string subpath)
    {
        var name = Root + subpath.TrimStart('/');
        return _names.Contains(name) ? new EmbeddedAsset(_assembly, name, _built) : new NotFoundFileInfo(subpath);
    }

    public IDirectoryContents GetDirectoryContents(string subpath) => NotFoundDirectoryContents.Singleton;

    public IChangeToken Watch(string filter) => NullChangeToken.Singleton;
}
