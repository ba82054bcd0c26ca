namespace Saltern.Contract;

/// <summary>A software channel as a line of a list.</summary>
public sealed record ChannelSummary
{
    public required string Label { get; init; }

    public required string Name { get; init; }

    /// <summary>The base channel it belongs to; left out for a base channel.</summary>
    public string? Parent { get; init; }

    public string? Arch { get; init; }

    public required string Source { get; init; }

    /// <summary>Where it is fetched from: its own address, or that of the mirror.</summary>
    public required string Url { get; init; }

    /// <summary>What the source says, where a mirror serves it.</summary>
    public string? OriginalUrl { get; init; }

    /// <summary>The channel it is a clone of.</summary>
    public string? CloneOf { get; init; }

    public string? Family { get; init; }

    /// <summary>Whether it answered when it was last checked; left out while nobody has looked.</summary>
    public bool? Available { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? CheckedAt { get; init; }
}
