using System.Reflection;
using Microsoft.Extensions.FileProviders;

namespace Saltern.Server.Web;

internal sealed class EmbeddedAsset(Assembly assembly, string resource, DateTimeOffset built) : IFileInfo
{
    public bool Exists => true;

    public long Length
    {
        get
        {
            using var stream = CreateReadStream();
            return stream.Length;
        }
    }

    public string? PhysicalPath => null;

    public string Name => Path.GetFileName(resource);

    public DateTimeOffset LastModified => built;

    public bool IsDirectory => false;

    public Stream CreateReadStream() => assembly.GetManifestResourceStream(resource)
        ?? throw new FileNotFoundException($"The program was built without {resource}.");
}
