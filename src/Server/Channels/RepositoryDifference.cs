namespace Saltern.Server.Channels;

/// <summary>
/// Compares the channels on record for a minion with the repositories it told of. Pure. A repository is a channel's if
/// it carries its label (alone or after <c>saltern:</c> or <c>susemanager:</c>) or has its address, the mirror's or the
/// channel's own.
/// </summary>
internal sealed record RepositoryDifference
{
    private static readonly string[] Prefixes = ["", "saltern:", "susemanager:"];

    /// <summary>Assigned, and no enabled repository of the minion.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Enabled on the minion, and no assigned channel.</summary>
    public required IReadOnlyList<MinionRepository> Foreign { get; init; }

    public static RepositoryDifference Of(
        ChannelAssignment assigned, IReadOnlyList<MinionRepository> repositories, ProductCatalogue catalogue)
    {
        var enabled = repositories.Where(one => one.Enabled).ToList();
        var found = new HashSet<MinionRepository>();
        var missing = new List<string>();
        foreach (var label in assigned.Labels)
        {
            var ofChannel = enabled.Where(one => IsOf(one, label, catalogue)).ToList();
            found.UnionWith(ofChannel);
            if (ofChannel.Count == 0)
            {
                missing.Add(label);
            }
        }

        return new RepositoryDifference
        {
            Missing = missing, Foreign = [.. enabled.Where(one => !found.Contains(one))],
        };
    }

    private static bool IsOf(MinionRepository repository, string label, ProductCatalogue catalogue)
    {
        if (Prefixes.Any(prefix => repository.Alias == prefix + label))
        {
            return true;
        }

        return repository.Url is { } url && catalogue.Channel(label) is { } channel
            && (Same(url, channel.Url) || Same(url, catalogue.UrlOf(channel)));
    }

    /// <summary>zypper shows addresses with and without the last slash; queries are not kept of either.</summary>
    private static bool Same(string one, string other) =>
        one.TrimEnd('/').Equals(other.Split('?')[0].TrimEnd('/'), StringComparison.Ordinal);
}
