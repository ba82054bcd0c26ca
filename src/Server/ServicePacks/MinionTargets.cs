using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>Where minions with these products and channels can go.</summary>
internal sealed record MinionTargets
{
    /// <summary>Their base product; null where it is not known.</summary>
    public Product? Base { get; init; }

    /// <summary>Their other products; for people.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>Why there is no target at all; empty where there is one.</summary>
    public IReadOnlyList<WhyNot> WhyNot { get; init; } = [];

    /// <summary>The targets, the newest first.</summary>
    public IReadOnlyList<MigrationTarget> Targets { get; init; } = [];

    /// <summary>Base products with more choices of extensions than were looked at.</summary>
    public IReadOnlyList<Product> ChoicesLeftOut { get; init; } = [];

    /// <summary>Assigned channels that belong to none of their products; a target does not have them.</summary>
    public IReadOnlyList<string> OtherChannels { get; init; } = [];

    public static MinionTargets None(WhyNotCode code, string? subject, string text) =>
        new() { WhyNot = [new WhyNot(code, subject, text)] };
}
