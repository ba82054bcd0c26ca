namespace Saltern.Server.Channels;

/// <summary>What the last look at an address found.</summary>
/// <param name="Available">Null while nobody has looked.</param>
internal sealed record ChannelAvailability(bool? Available, string? Reason, DateTimeOffset? CheckedAt)
{
    public static ChannelAvailability Unknown { get; } = new(null, null, null);
}
