namespace Saltern.Contract;

/// <summary>Which channels are to be checked.</summary>
public sealed record ChannelCheckRequest
{
    /// <summary>Labels; left out for all channels.</summary>
    public IReadOnlyList<string>? Labels { get; init; }
}
