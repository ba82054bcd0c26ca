using Npgsql;

namespace Saltern.Chaos.Migrations;

/// <summary>One note of the journal.</summary>
/// <param name="Kind">assigned, change, or held.</param>
/// <param name="Change">Which change, if it is of one.</param>
/// <param name="Subject">The labels that were assigned, the id of the run, or why the minion was held.</param>
/// <param name="Actor">Who assigned, the state of the change, or the action that was picked up all the same.</param>
internal sealed record JournalEntry(
    string Master, string Minion, string Kind, long? Change, string? Subject, string? Actor)
{
    /// <summary>Assigned by a person, and not by the server in consequence of a run.</summary>
    public bool IsByPerson => Kind == "assigned" && Actor is { } actor
        && !actor.StartsWith("action ", StringComparison.Ordinal)
        && !actor.StartsWith("saltern", StringComparison.Ordinal) && actor != "nobody";

    public static JournalEntry Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetInt64(3),
        row.IsDBNull(4) ? null : row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5));
}
