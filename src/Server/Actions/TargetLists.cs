using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Saltern.Contract;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Reads targets of an action, in the order of our keys of minions: the order in which two indexes have them, so that a
/// page of ten million targets costs what a page of ten costs.
/// </summary>
internal sealed class TargetLists(NpgsqlDataSource database)
{
    /// <summary>
    /// What is queued for a minion that is held for another action, or for a master that takes nothing now, says so.
    /// </summary>
    internal const string Columns = """
        m.minion_id, d.name, t.minion_key, t.status, t.guessed, t.ran_anyway, t.attempt, t.not_before, t.picked_up_at,
        t.settled_at,
        case when t.status = 'Queued' then coalesce(
            (select h.reason from saltern.minion_hold h
             where h.minion_key = t.minion_key and t.action_id <> all(h.admits)),
            (select case when r.paused_at is not null
                         then format('waits for master %s, to which dispatch is paused by %s', r.name, r.paused_by)
                         else format('waits for master %s, which is %s: %s', r.name, r.health, r.health_reason) end
             from saltern.master r
             where r.id = m.master_id
               and (r.paused_at is not null or r.health in ('unreachable', 'not allowed'))),
            t.reason) else t.reason end
        """;

    /// <summary>A page of the list; <paramref name="after"/> is the <c>Next</c> of the page before.</summary>
    public async Task<Page<TargetSummary>> ListAsync(
        ActionId action, TargetStatus? status, long? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = status is { } one
            ? await Statement.QueryAsync(
                connection, ListByStatusSql, [action.Value, after ?? 0, limit + 1, one.ToString()], ReadSummary,
                cancellationToken)
            : await Statement.QueryAsync(
                connection, ListSql, [action.Value, after ?? 0, limit + 1], ReadSummary, cancellationToken);
        var more = rows.Count > limit;
        return new Page<TargetSummary>(
            more ? rows[..limit] : rows,
            more ? rows[limit - 1].MinionKey.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>How these targets stand now; those that are gone are left out.</summary>
    public async Task<IReadOnlyList<TargetSummary>> ReadAsync(
        ActionId action, long[] minionKeys, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, ReadSql, [action.Value, minionKeys], ReadSummary, cancellationToken);
    }

    /// <summary>The target by Salt's id of its minion: several if that id is known in several key domains.</summary>
    public async Task<IReadOnlyList<TargetSummary>> FindAsync(
        ActionId action, string minion, string? domain, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var inDomain =
            new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)domain ?? DBNull.Value };
        return await Statement.QueryAsync(
            connection, FindSql, [action.Value, minion, inDomain], ReadSummary, cancellationToken);
    }

    private static TargetSummary ReadSummary(NpgsqlDataReader row) => ReadSummary(row, 0);

    /// <summary>Reads <see cref="Columns"/>, which begin at this column.</summary>
    internal static TargetSummary ReadSummary(NpgsqlDataReader row, int first) => new()
    {
        Minion = row.GetString(first),
        Domain = row.GetString(first + 1),
        MinionKey = row.GetInt64(first + 2),
        Status = row.GetString(first + 3),
        Guessed = row.GetBoolean(first + 4),
        RanAnyway = row.GetBoolean(first + 5),
        Attempt = row.GetInt32(first + 6),
        NotBefore = TimeOrNull(row, first + 7),
        PickedUpAt = TimeOrNull(row, first + 8),
        SettledAt = TimeOrNull(row, first + 9),
        Reason = row.IsDBNull(first + 10) ? null : row.GetString(first + 10),
    };

    private static DateTimeOffset? TimeOrNull(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    internal const string ListSql = $"""
        select {Columns}
        from saltern.action_target t
        join saltern.minion m on m.minion_key = t.minion_key
        join saltern.key_domain d on d.id = m.key_domain_id
        where t.action_id = $1 and t.minion_key > $2
        order by t.minion_key limit $3
        """;

    internal const string ListByStatusSql = $"""
        select {Columns}
        from saltern.action_target t
        join saltern.minion m on m.minion_key = t.minion_key
        join saltern.key_domain d on d.id = m.key_domain_id
        where t.action_id = $1 and t.minion_key > $2 and t.status = $4
        order by t.minion_key limit $3
        """;

    internal const string ReadSql = $"""
        select {Columns}
        from saltern.action_target t
        join saltern.minion m on m.minion_key = t.minion_key
        join saltern.key_domain d on d.id = m.key_domain_id
        where t.action_id = $1 and t.minion_key = any($2::bigint[])
        order by t.minion_key
        """;

    internal const string FindSql = $"""
        select {Columns}
        from saltern.minion m
        join saltern.key_domain d on d.id = m.key_domain_id
        join saltern.action_target t on t.minion_key = m.minion_key and t.action_id = $1
        where m.minion_id = $2 and ($3::text is null or d.name = $3)
        order by d.name
        """;
}
