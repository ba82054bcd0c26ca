namespace Saltern.Contract;

/// <summary>A channel of a target.</summary>
public sealed record ServicePackChannel
{
    public required string Label { get; init; }

    /// <summary>What it is a clone of.</summary>
    public string? CloneOf { get; init; }

    /// <summary>The product whose channel it is.</summary>
    public required string Product { get; init; }

    /// <summary>Where it is fetched from; left out where it is missing.</summary>
    public string? Url { get; init; }

    public required bool Mandatory { get; init; }

    public required bool Recommended { get; init; }

    /// <summary>Left out while nobody has looked.</summary>
    public bool? Available { get; init; }

    /// <summary>Missing or unreachable, in a sentence.</summary>
    public string? Problem { get; init; }
}
