namespace Saltern.Chaos;

/// <summary>What shapes a run. The same options plan the same orders and the same faults.</summary>
internal sealed record ChaosOptions
{
    /// <summary>How long orders are given and faults injected.</summary>
    public required TimeSpan Length { get; init; }

    public required int Seed { get; init; }

    /// <summary>How many minions each of the two masters has; both give them the same ids.</summary>
    public int Minions { get; init; } = 100;

    public int Nodes { get; init; } = 3;

    /// <summary>
    /// Once the faults have ended, targets that are not final count as lost when none of them became final for so long;
    /// a slow machine may take its time.
    /// </summary>
    public TimeSpan StillAfter { get; init; } = TimeSpan.FromMinutes(2);

    public static IReadOnlyList<string> Masters { get; } = ["east", "west"];
}
