namespace Saltern.Contract;

/// <summary>A repository that a minion told of, without what may be a credential in its address.</summary>
public sealed record MinionRepositoryView(string Alias, string? Name, string? Url, bool Enabled);
