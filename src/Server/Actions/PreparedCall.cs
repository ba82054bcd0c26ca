namespace Saltern.Server.Actions;

/// <summary>One call of an action for some of its minions, or why it is not made for them.</summary>
/// <param name="Minions">Their keys.</param>
/// <param name="Arguments">
/// What <see cref="ActionKind.BuildCall"/> is given for them, as JSON; null for the action's own.
/// </param>
/// <param name="Refusal">Their targets are skipped with this reason.</param>
internal sealed record PreparedCall(IReadOnlyList<long> Minions, string? Arguments, string? Refusal = null);
