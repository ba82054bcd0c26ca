using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels;

/// <summary>
/// The channels that are assigned to minions. This is the one place that writes them: whoever moves minions to other
/// channels calls it within the transaction that records why, and gets what was assigned before, for the way back.
/// </summary>
internal static class Assignments
{
    /// <summary>
    /// Assigns channels to minions, or takes their record away where the new assignment is null. Rows are locked in
    /// the order of minions.
    /// </summary>
    /// <returns>What each minion had before; null where nothing was on record.</returns>
    public static async Task<IReadOnlyDictionary<MinionKey, ChannelAssignment?>> SetAsync(
        NpgsqlConnection connection, IReadOnlyCollection<(MinionKey Minion, ChannelAssignment? Assigned)> assignments,
        string actor, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var ordered = assignments.OrderBy(one => one.Minion.Value).ToList();
        var minions = ordered.Select(one => one.Minion.Value).ToArray();
        // Two that write for the same minion go one after another.
        await Statement.ExecuteAsync(connection, LockSql, [minions], cancellationToken);
        var before = await ReadAsync(connection, minions, cancellationToken);
        var kept = ordered.Where(one => one.Assigned is not null).ToList();
        await Statement.ExecuteAsync(
            connection, SetSql,
            [
                kept.Select(one => one.Minion.Value).ToArray(), kept.Select(one => one.Assigned!.BaseLabel).ToArray(),
                kept.Select(one => string.Join('\n', one.Assigned!.ChildLabels.Order(StringComparer.Ordinal)))
                    .ToArray(),
                actor, at,
            ],
            cancellationToken);
        if (kept.Count < ordered.Count)
        {
            await Statement.ExecuteAsync(
                connection, RemoveSql,
                [ordered.Where(one => one.Assigned is null).Select(one => one.Minion.Value).ToArray()],
                cancellationToken);
        }

        return ordered.ToDictionary(
            one => one.Minion, one => before.GetValueOrDefault(one.Minion.Value)?.Assigned);
    }

    /// <summary>What is on record for these minions; those without are left out.</summary>
    public static async Task<Dictionary<long, AssignmentRow>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyCollection<long> minions, CancellationToken cancellationToken) =>
        (await Statement.QueryAsync(
            connection, ReadSql,
            [new NpgsqlParameter<long[]> { TypedValue = [.. minions] }],
            row => (row.GetInt64(0), new AssignmentRow(
                new ChannelAssignment(row.GetString(1), row.GetFieldValue<string[]>(2)), row.GetString(3),
                row.GetFieldValue<DateTimeOffset>(4))),
            cancellationToken)).ToDictionary();

    /// <summary>The minion's own row is locked: an assignment that is not there yet cannot be.</summary>
    internal const string LockSql = """
        select from minion where minion_key = any($1) order by minion_key for no key update
        """;

    internal const string ReadSql = """
        select minion_key, base_label, child_labels, changed_by, changed_at from minion_channel
        where minion_key = any($1)
        """;

    /// <summary>Labels hold no line end, so that a list of them fits into one text.</summary>
    internal const string SetSql = """
        insert into minion_channel as c (minion_key, base_label, child_labels, changed_by, changed_at)
        select minion_key, base_label, string_to_array(children, E'\n'), $4, $5::timestamptz
        from unnest($1::bigint[], $2::text[], $3::text[]) as a(minion_key, base_label, children)
        order by minion_key
        on conflict (minion_key) do update
        set base_label = excluded.base_label, child_labels = excluded.child_labels, changed_by = excluded.changed_by,
            changed_at = excluded.changed_at
        """;

    internal const string RemoveSql = "delete from minion_channel where minion_key = any($1)";
}
