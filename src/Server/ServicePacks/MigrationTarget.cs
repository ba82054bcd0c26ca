using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>A set of products that a minion may be migrated to, with the channels for it.</summary>
internal sealed record MigrationTarget
{
    public required Product Base { get; init; }

    public required IReadOnlyList<ExtensionMove> Extensions { get; init; }

    /// <summary>Installed extensions that cannot come along; for people.</summary>
    public required IReadOnlyList<string> WithoutSuccessor { get; init; }

    /// <summary>Mandatory and optional channels; the base channel first.</summary>
    public required IReadOnlyList<TargetChannel> Channels { get; init; }

    /// <summary>Everything that stands against it; empty when it is possible as it is.</summary>
    public required IReadOnlyList<WhyNot> WhyNot { get; init; }

    /// <summary>What stands against it when the extensions without a successor may be removed, or may not.</summary>
    public IEnumerable<WhyNot> Against(bool removeExtensions) => WhyNot.Where(
        reason => !(removeExtensions && reason.Code is WhyNotCode.ExtensionWithoutSuccessor));

    /// <summary>
    /// The channels that a minion which goes there is to have: the mandatory ones and those of the others that are
    /// named, by their own labels or by those they stand for. Null with a reason where one of these does not exist or
    /// is mandatory and missing.
    /// </summary>
    public (ChannelAssignment? Channels, string? Problem) ChannelsWith(IReadOnlyCollection<string> optional)
    {
        var unknown = optional.Where(
            label => !Channels.Any(channel => channel.Label == label || channel.Original == label)).ToList();
        if (unknown.Count > 0)
        {
            return (null, $"{Base.Title} has no channel {string.Join(", ", unknown)}");
        }

        var chosen = Channels.Where(channel => channel.Mandatory || channel.IsBase
            || optional.Contains(channel.Label) || optional.Contains(channel.Original)).ToList();
        if (chosen.Find(channel => channel.Url is null) is { } missing)
        {
            return (null, missing.Problem!.Text);
        }

        return chosen.Find(channel => channel.IsBase) is { } first
            ? (new ChannelAssignment(
                first.Label, [.. chosen.Where(channel => channel != first).Select(channel => channel.Label)]), null)
            : (null, $"no base channel of {Base.Title} is known");
    }
}
