namespace Saltern.Contract;

/// <summary>Which minions an action is for: exactly one of the ways to say it, and optionally a key domain.</summary>
public sealed record TargetRequest
{
    /// <summary>Minions by their id.</summary>
    public IReadOnlyList<string>? Minions { get; init; }

    /// <summary>The name of a group.</summary>
    public string? Group { get; init; }

    /// <summary>A grain and its value, for example <c>os:SUSE</c>; the value may hold <c>*</c> and <c>?</c>.</summary>
    public string? Grain { get; init; }

    /// <summary>
    /// A pattern over minion ids, for example <c>web*</c>; <c>*</c> is every minion with an accepted key.
    /// </summary>
    public string? Glob { get; init; }

    /// <summary>An expression of Salt's compound matcher, for example <c>G@os:SUSE and not web*</c>.</summary>
    public string? Compound { get; init; }

    /// <summary>Only minions of this key domain; needed where two domains know the same minion id.</summary>
    public string? KeyDomain { get; init; }
}
