using Saltern.Contract;
using Saltern.Simulator.Software;

namespace Saltern.Chaos;

/// <summary>One order that a plan gives: a new action, or a verb on one that was ordered before.</summary>
/// <param name="At">When, counted from the beginning of the run.</param>
/// <param name="Node">Which node is asked; another one where that is down.</param>
/// <param name="Action">The new action, if it is one.</param>
/// <param name="Delay">The new action's earliest time is so much later than the order.</param>
/// <param name="Verb">cancel or reschedule, or assign, if it is no new action.</param>
/// <param name="Back">Which action the verb is about: 0 is the latest that was ordered.</param>
/// <param name="Minions">Whom a cancel names, and who is assigned channels.</param>
internal sealed record PlannedOrder(
    TimeSpan At, int Node, ActionRequest? Action, TimeSpan? Delay, string? Verb, int Back,
    IReadOnlyList<string> Minions)
{
    /// <summary>Of a migration: what runs come to that begin from now on.</summary>
    public IReadOnlyDictionary<string, DupSetting> Outcomes { get; init; } = new Dictionary<string, DupSetting>();

    /// <summary>Which master's minions a migration or an assignment is about.</summary>
    public string Master { get; init; } = "";

    /// <summary>Which rung's channels are assigned.</summary>
    public int Rung { get; init; }
}
