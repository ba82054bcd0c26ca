namespace Saltern.Contract;

/// <summary>What came of assigning channels to a selection of minions.</summary>
public sealed record FleetAssignmentAnswer
{
    /// <summary>How many have these channels on record now.</summary>
    public required int Minions { get; init; }

    /// <summary>How many were left as they are, because their channels are being changed.</summary>
    public required int Held { get; init; }

    /// <summary>The first of them, each with the reason.</summary>
    public required IReadOnlyList<string> HeldMinions { get; init; }
}
