namespace Saltern.Server.Channels;

/// <summary>A product as <c>pkg.list_products</c> tells it.</summary>
internal sealed record InstalledProduct(string Name, string Version, string? Release, string? Arch, bool IsBase)
{
    /// <summary>For people, where no product of the catalogue has a title.</summary>
    public override string ToString() => Arch is null ? $"{Name} {Version}" : $"{Name} {Version} {Arch}";
}
