namespace Saltern.Contract;

/// <summary>How an action stands now. <c>Summary</c> is null when the action is gone.</summary>
public sealed record ActionChanged(long Id, ActionSummary? Summary);
