namespace Saltern.Server.Channels;

/// <summary>A repository that minions are given, under the label by which people know it.</summary>
/// <param name="Url">As imported; a mirror may serve it (<see cref="ProductCatalogue.UrlOf"/>).</param>
/// <param name="ParentLabel">The base channel it belongs to; null for a base channel.</param>
internal sealed record SoftwareChannel(
    string Label, string Name, string Url, string? Arch, string? ParentLabel, bool Signed);
