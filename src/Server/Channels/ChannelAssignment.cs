namespace Saltern.Server.Channels;

/// <summary>The channels that a minion is to have, as we have it on record.</summary>
internal sealed record ChannelAssignment(string BaseLabel, IReadOnlyList<string> ChildLabels)
{
    /// <summary>All of them, the base channel first.</summary>
    public IEnumerable<string> Labels => ChildLabels.Prepend(BaseLabel);
}
