namespace Saltern.Contract;

/// <summary>Minions with the same products and the same channels on record.</summary>
public sealed record ServicePackGroup
{
    public required int Minions { get; init; }

    /// <summary>The ids of the first 100 of them.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Their base product.</summary>
    public string? Base { get; init; }

    public required IReadOnlyList<string> Extensions { get; init; }

    /// <summary>Assigned channels of none of their products; no target has them.</summary>
    public required IReadOnlyList<string> OtherChannels { get; init; }

    /// <summary>
    /// Base products that can be gone to with more choices of extensions than are looked at, which are the newest 32.
    /// </summary>
    public IReadOnlyList<string> ChoicesLeftOut { get; init; } = [];

    /// <summary>Why they have no target at all.</summary>
    public required IReadOnlyList<ServicePackReason> WhyNot { get; init; }

    /// <summary>The newest first.</summary>
    public required IReadOnlyList<ServicePackTarget> Targets { get; init; }
}
