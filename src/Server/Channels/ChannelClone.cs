namespace Saltern.Server.Channels;

/// <summary>A channel that stands for an imported one, with content of its own.</summary>
/// <param name="Family">What clones that belong together have in common: prod, test.</param>
internal sealed record ChannelClone(string Label, string Original, string Family, string Url);
