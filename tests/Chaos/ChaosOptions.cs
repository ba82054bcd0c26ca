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

    /// <summary>How long after the last fault a target may take to become final before it counts as lost.</summary>
    public TimeSpan SettleWithin { get; init; } = TimeSpan.FromMinutes(5);

    public static IReadOnlyList<string> Masters { get; } = ["east", "west"];
}
