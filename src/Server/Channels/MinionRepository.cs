namespace Saltern.Server.Channels;

/// <summary>A repository as <c>pkg.list_repos</c> tells it, without what may be a credential in its address.</summary>
internal sealed record MinionRepository(string Alias, string? Name, string? Url, bool Enabled);
