namespace Saltern.Simulator.Software;

/// <summary>A repository of a minion, as <c>pkg.list_repos</c> tells it.</summary>
public sealed record SimulatedRepository(string Alias, string Url, bool Enabled = true)
{
    internal const string OursBeginWith = "saltern:";

    /// <summary>Of one that is ours: the label of its channel.</summary>
    internal string Label => Alias[OursBeginWith.Length..];

    internal bool IsOurs => Alias.StartsWith(OursBeginWith, StringComparison.Ordinal);
}
