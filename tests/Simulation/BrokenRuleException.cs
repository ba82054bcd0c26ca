namespace Saltern.Simulation;

/// <summary>An invariant does not hold, or not everything settled.</summary>
internal sealed class BrokenRuleException(string rule) : Exception(rule);
