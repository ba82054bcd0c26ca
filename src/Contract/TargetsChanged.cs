namespace Saltern.Contract;

/// <summary>How some targets of an action stand now.</summary>
/// <param name="ActionId">The action.</param>
/// <param name="Targets">Those that changed; empty when so many did that their list is better read again.</param>
public sealed record TargetsChanged(long ActionId, IReadOnlyList<TargetSummary> Targets);
