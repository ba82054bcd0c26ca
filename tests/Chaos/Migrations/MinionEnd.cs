using Npgsql;
using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>A minion that can be migrated, when all is over: what it has and did, and what is on record.</summary>
internal sealed record MinionEnd
{
    public const string AssignedSql = """
        select d.name, m.minion_id,
               concat_ws(' ', c.base_label, nullif(array_to_string(c.child_labels, ' '), '')), h.reason
        from saltern.minion_channel c
        join saltern.minion m on m.minion_key = c.minion_key
        join saltern.key_domain d on d.id = m.key_domain_id
        left join saltern.minion_hold h on h.minion_key = c.minion_key
        """;

    public required string Master { get; init; }

    public required string Minion { get; init; }

    public required SoftwareView Software { get; init; }

    /// <summary>Labels on record, in order.</summary>
    public required string Assigned { get; init; }

    /// <summary>Why it is held, if it is.</summary>
    public required string? Hold { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<JournalEntry> Entries { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<ChangeEnd> Changes { get; init; }

    /// <summary>What the minion has of our channels, in order.</summary>
    public string Reality => ChangeEnd.Sorted(Software.Repositories
        .Where(repository => repository.Enabled && repository.Alias != Ladder.Foreign).Select(Plain));

    /// <summary>
    /// A person assigned channels, and no run has brought any since: the minion gets them when that is ordered. A dry
    /// run brings none, nor does one that was never sent.
    /// </summary>
    public bool IsLeftToPerson => Entries.Any(IsByPerson)
        && !Entries.Reverse().TakeWhile(entry => !IsByPerson(entry))
            .Any(entry => entry is { Kind: "change", Actor: "Kept" or "Reverting" });

    public static (string Master, string Minion, string Labels, string? Hold) Read(NpgsqlDataReader row) => (
        row.GetString(0), row.GetString(1), ChangeEnd.Sorted(row.GetString(2).Split(' ')),
        row.IsDBNull(3) ? null : row.GetString(3));

    /// <summary>The runs of a change, by all ids that it has had.</summary>
    public IReadOnlyList<DupRunView> RunsOf(ChangeEnd change)
    {
        var ids = Entries.Where(entry => entry.Change == change.Id).Select(entry => entry.Subject).ToHashSet();
        return [.. Software.Runs.Where(run => ids.Contains(run.RunId))];
    }

    private static bool IsByPerson(JournalEntry entry) => entry is { IsByPerson: true, Actor: not Ladder.Actor };

    private static string Plain(SimulatedRepository repository) =>
        repository.Alias.StartsWith("saltern:", StringComparison.Ordinal) ? repository.Alias[8..] : repository.Alias;
}
