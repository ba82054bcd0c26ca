namespace Saltern.Contract;

/// <summary>A set of products that the minions of a group can be migrated to.</summary>
public sealed record ServicePackTarget
{
    /// <summary>The id of the base product.</summary>
    public required string Product { get; init; }

    public required string Title { get; init; }

    /// <summary>Whether nothing stands against it.</summary>
    public required bool Possible { get; init; }

    /// <summary>What the extensions become.</summary>
    public required IReadOnlyList<ServicePackMove> Extensions { get; init; }

    /// <summary>Installed extensions that cannot come along.</summary>
    public required IReadOnlyList<string> WithoutSuccessor { get; init; }

    public required IReadOnlyList<ServicePackReason> WhyNot { get; init; }

    /// <summary>The base channel first, then mandatory ones, then optional ones.</summary>
    public required IReadOnlyList<ServicePackChannel> Channels { get; init; }
}
