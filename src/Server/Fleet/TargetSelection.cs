namespace Saltern.Server.Fleet;

/// <summary>
/// Which minions an order is for, as the user said it: exactly one of the five ways, within one key domain if it is
/// named. It is kept with the action, so that it can be resolved again when the action starts.
/// </summary>
internal sealed record TargetSelection
{
    /// <summary>Minion ids. Each must be known, and its key accepted.</summary>
    public IReadOnlyList<string>? Minions { get; init; }

    /// <summary>The name of a group, by hand or by rule.</summary>
    public string? Group { get; init; }

    /// <summary>A glob over minion ids, as Salt's default target.</summary>
    public string? Glob { get; init; }

    /// <summary>A grain and a glob over its value, <c>os:SLES</c>, as Salt's <c>-G</c>.</summary>
    public string? Grain { get; init; }

    /// <summary>An expression in Salt's compound matcher syntax, as Salt's <c>-C</c>.</summary>
    public string? Compound { get; init; }

    /// <summary>The key domain the minions must belong to; null for any.</summary>
    public string? KeyDomain { get; init; }

    /// <summary>How many of the five ways are given; an order needs exactly one.</summary>
    internal int WaysGiven() =>
        new object?[] { Minions, Group, Glob, Grain, Compound }.Count(way => way is not null);
}
