namespace Saltern.Server.Channels;

/// <summary>Addresses that begin with the prefix are served by the target instead.</summary>
internal sealed record ChannelMirror(string Prefix, string Target);
