namespace Saltern.Server.Fleet;

/// <summary>How many minions there are, by the status of their keys, and of the accepted ones by presence.</summary>
internal sealed record FleetCounts(
    IReadOnlyDictionary<KeyStatus, int> ByKeyStatus, IReadOnlyDictionary<Presence, int> ByPresence, int Conflicts)
{
    public int Accepted => ByKeyStatus.GetValueOrDefault(KeyStatus.Accepted);
}
