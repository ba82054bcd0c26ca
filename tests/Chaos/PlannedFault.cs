namespace Saltern.Chaos;

/// <summary>One fault that a plan injects.</summary>
/// <param name="At">When, counted from the beginning of the run.</param>
/// <param name="Length">How long it lasts.</param>
/// <param name="Kind">One of <see cref="FaultKinds"/>.</param>
/// <param name="Subject">Which node, or which master.</param>
/// <param name="Share">Which share it strikes, where it does not strike all.</param>
/// <param name="Minions">A glob of the minions that it strikes, where it is theirs.</param>
internal sealed record PlannedFault(
    TimeSpan At, TimeSpan Length, string Kind, int Subject, double Share, string Minions);
