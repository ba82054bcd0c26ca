using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>Puts together what is known of each minion that can be migrated.</summary>
internal static class MinionEnds
{
    /// <param name="assigned">Rows of <see cref="MinionEnd.AssignedSql"/>.</param>
    /// <param name="entries">Rows of <see cref="Journal.EntriesSql"/>.</param>
    /// <param name="changes">Rows of <see cref="ChangeEnd.ChangesSql"/>.</param>
    /// <param name="software">What a minion really has.</param>
    public static IReadOnlyList<MinionEnd> Of(
        IEnumerable<(string Master, string Minion, string Labels, string? Hold)> assigned,
        IEnumerable<JournalEntry> entries, IEnumerable<ChangeEnd> changes,
        Func<string, string, SoftwareView> software)
    {
        var byMinion = entries.ToLookup(entry => (entry.Master, entry.Minion));
        var changesOf = changes.ToLookup(change => (change.Master, change.Minion));
        return
        [
            .. assigned.Select(one => new MinionEnd
            {
                Master = one.Master,
                Minion = one.Minion,
                Software = software(one.Master, one.Minion),
                Assigned = one.Labels,
                Hold = one.Hold,
                Entries = [.. byMinion[(one.Master, one.Minion)]],
                Changes = [.. changesOf[(one.Master, one.Minion)]],
            }),
        ];
    }
}
