namespace Saltern.Server.Dispatch;

/// <summary>Claim up to so many targets of this action and hand them to the master in one submission.</summary>
internal sealed record PlannedBatch(DueAction Action, int Targets);
