namespace Saltern.Server.Channels;

/// <summary>What lets somebody in at an address. No record: it must not print itself.</summary>
internal sealed class ChannelCredential(string? username, string? header, string secret)
{
    /// <summary>Null where the secret is the value of a header.</summary>
    public string? Username { get; } = username;

    public string? Header { get; } = header;

    public string Secret { get; } = secret;
}
