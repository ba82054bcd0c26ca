namespace Saltern.Contract;

/// <summary>An installed extension and what it becomes.</summary>
public sealed record ServicePackMove(string From, string To);
