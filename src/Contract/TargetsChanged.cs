namespace Saltern.Contract;

/// <summary>How some targets of an action stand now.</summary>
public sealed record TargetsChanged(long ActionId, IReadOnlyList<TargetSummary> Targets);
