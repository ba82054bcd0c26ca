using Saltern.Contract;

namespace Saltern.Server.Web.Minions;

/// <summary>An action, and how it stands on the minion whose page this is.</summary>
public sealed record MinionAction(ActionSummary Action, TargetSummary Target);
