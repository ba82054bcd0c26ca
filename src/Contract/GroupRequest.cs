namespace Saltern.Contract;

/// <summary>A group of minions: members by hand, or a rule that finds them.</summary>
public sealed record GroupRequest
{
    /// <summary>Its name; left out where the path has it.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Salt's compound matcher, for example <c>G@os:SUSE and not db*</c>. A group with a rule has no members by hand.
    /// </summary>
    public string? Rule { get; init; }

    /// <summary>Ids of minions.</summary>
    public IReadOnlyList<string>? Minions { get; init; }

    /// <summary>The members' key domain; needed where two domains know the same minion id.</summary>
    public string? Domain { get; init; }
}
