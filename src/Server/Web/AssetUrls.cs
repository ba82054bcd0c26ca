namespace Saltern.Server.Web;

/// <summary>Addresses of our own files, with the build in them, so that a browser keeps one until it changes.</summary>
internal static class AssetUrls
{
    private static readonly string Version = typeof(AssetUrls).Module.ModuleVersionId.ToString("N")[..12];

    public static string Of(string path) => $"{path}?v={Version}";
}
