using Saltern.Contract;

namespace Saltern.Chaos;

/// <summary>One order that a plan gives: a new action, or a verb on one that was ordered before.</summary>
/// <param name="At">When, counted from the beginning of the run.</param>
/// <param name="Node">Which node is asked; another one where that is down.</param>
/// <param name="Action">The new action, if it is one.</param>
/// <param name="Delay">The new action's earliest time is so much later than the order.</param>
/// <param name="Verb">cancel or reschedule, if it is no new action.</param>
/// <param name="Back">Which action the verb is about: 0 is the latest that was ordered.</param>
/// <param name="Minions">Whom a cancel names.</param>
internal sealed record PlannedOrder(
    TimeSpan At, int Node, ActionRequest? Action, TimeSpan? Delay, string? Verb, int Back,
    IReadOnlyList<string> Minions);
