namespace Saltern.Server.Channels.Import;

/// <summary>Architectures at the end of the names that vendors give to channels.</summary>
internal static class Architectures
{
    /// <summary>Names that begin like another come first.</summary>
    private static readonly string[] Known =
    [
        "x86_64", "aarch64", "ppc64le", "ppc64", "ppc", "s390x", "s390", "i586", "i686", "ia64", "armv7l", "amd64",
        "noarch",
    ];

    /// <summary>The architecture in <c>sle-15-x86_64</c> or <c>sles11-sp4-pool-x86_64-sap</c>; null for none.</summary>
    public static string? In(string? name) => name is null
        ? null
        : Known.FirstOrDefault(arch => $"{name}-".Contains($"-{arch}-", StringComparison.Ordinal));
}
