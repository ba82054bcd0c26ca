namespace Saltern.Server.Channels;

/// <summary>A repository that minions are given, under the label by which people know it.</summary>
/// <param name="Url">As imported; a mirror may serve it (<see cref="ProductCatalogue.UrlOf"/>).</param>
/// <param name="ParentLabel">The base channel it belongs to; null for a base channel.</param>
/// <param name="Signed">Whether minions check its signature.</param>
/// <param name="GpgKeys">
/// Addresses of the keys it is signed with, or the keys as text, as a JSON list; null where minions have them already.
/// </param>
internal sealed record SoftwareChannel(
    string Label, string Name, string Url, string? Arch, string? ParentLabel, bool Signed, string? GpgKeys = null);
