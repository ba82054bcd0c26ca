namespace Saltern.Simulator.Software;

/// <summary>A repository of a minion, as <c>pkg.list_repos</c> tells it.</summary>
public sealed record SimulatedRepository(string Alias, string Url, bool Enabled = true)
{
    internal const string OursBeginWith = "saltern:";

    internal bool IsOurs => Alias.StartsWith(OursBeginWith, StringComparison.Ordinal);
}
