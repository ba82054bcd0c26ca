namespace Saltern.Contract;

/// <summary>Where minions can go.</summary>
public sealed record ServicePackAnswer
{
    /// <summary>How many minions were asked about.</summary>
    public required int Minions { get; init; }

    /// <summary>Over all minions: each base product that some can go to, the newest first.</summary>
    public required IReadOnlyList<ServicePackStep> Bases { get; init; }

    /// <summary>Over all minions without any target: why, and how many.</summary>
    public required IReadOnlyList<ServicePackReason> WithoutTarget { get; init; }

    /// <summary>Minions with the same products and channels, the largest group first.</summary>
    public required IReadOnlyList<ServicePackGroup> Groups { get; init; }

    /// <summary>Give this as <c>after</c> to get more groups; left out at the end.</summary>
    public string? Next { get; init; }
}
