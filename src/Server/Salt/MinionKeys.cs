namespace Saltern.Server.Salt;

/// <summary>The keys a master has, by what it thinks of them.</summary>
internal sealed record MinionKeys
{
    public required IReadOnlyList<MinionKey> Accepted { get; init; }

    public required IReadOnlyList<MinionKey> Pending { get; init; }

    public required IReadOnlyList<MinionKey> Rejected { get; init; }

    /// <summary>Keys of a minion id that another key already has.</summary>
    public required IReadOnlyList<MinionKey> Denied { get; init; }

    /// <summary>Names of keys that are no minion id for us (see <see cref="MinionId.Allowed"/>).</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }
}
