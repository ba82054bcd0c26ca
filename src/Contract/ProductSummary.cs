namespace Saltern.Contract;

/// <summary>A product as a line of a list.</summary>
public sealed record ProductSummary
{
    /// <summary>SUSE Customer Center's number, or what a YAML file chose.</summary>
    public required string Id { get; init; }

    /// <summary>The identifier that zypper shows.</summary>
    public required string Name { get; init; }

    public required string Version { get; init; }

    public string? Arch { get; init; }

    /// <summary>base, module or extension.</summary>
    public required string Kind { get; init; }

    public required string Title { get; init; }

    /// <summary>released, beta or alpha.</summary>
    public required string Stage { get; init; }

    public required string Source { get; init; }

    /// <summary>Ids of products from which a running system can be upgraded to it.</summary>
    public required IReadOnlyList<string> Predecessors { get; init; }

    public required IReadOnlyList<string> Successors { get; init; }

    /// <summary>How many channels it has, on all base products.</summary>
    public required int Channels { get; init; }
}
