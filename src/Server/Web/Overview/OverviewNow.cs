using Saltern.Contract;

namespace Saltern.Server.Web.Overview;

/// <summary>All that the overview shows, read at one moment. Public because a component's parameters must be.</summary>
public sealed record OverviewNow
{
    /// <summary>How many actions by status.</summary>
    public required IReadOnlyDictionary<string, long> Actions { get; init; }

    public required IReadOnlyList<ActionSummary> Running { get; init; }

    public required IReadOnlyList<ActionSummary> Waiting { get; init; }

    public required IReadOnlyList<ActionSummary> Ended { get; init; }

    /// <summary>How many minions by the status of their key.</summary>
    public required IReadOnlyDictionary<string, int> Keys { get; init; }

    /// <summary>How many minions with an accepted key by presence.</summary>
    public required IReadOnlyDictionary<string, int> Presence { get; init; }

    public required int Conflicts { get; init; }

    public required IReadOnlyList<MasterSummary> Masters { get; init; }

    public DateTimeOffset? PausedAt { get; init; }

    public string? PausedBy { get; init; }

    public string? PauseReason { get; init; }

    public long ActionsIn(string status) => Actions.GetValueOrDefault(status);

    public int KeysIn(string status) => Keys.GetValueOrDefault(status);

    public int PresenceIn(string presence) => Presence.GetValueOrDefault(presence);
}
