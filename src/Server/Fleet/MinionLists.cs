using System.Net;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>
/// The fleet as pages show it. Lists are paged by key in the order of ids (index minion_by_name), so that a page costs
/// the same wherever it is; a filter that few minions pass may read further, within the time a statement has.
/// </summary>
internal sealed class MinionLists(NpgsqlDataSource dataSource, IOptions<FleetOptions> options, TimeProvider clock)
{
    public const int LargestPage = 1_000;

    private const string Columns = """
        m.minion_key, m.minion_id, d.name, s.name, m.key_status, m.fingerprint_conflict, m.os, m.os_release,
        m.salt_version, c.last_contact_at
        """;

    private const string Sources = """
        from minion m join key_domain d on d.id = m.key_domain_id left join master s on s.id = m.master_id
        left join minion_contact c on c.minion_key = m.minion_key
        """;

    internal const string OneSql = $"""
        select {Columns}, m.key_fingerprint, m.os_family, m.kernel_release, m.cpu_arch, m.ip_addresses, m.boot_id,
               m.grains::text, m.refreshed_at, m.first_seen_at,
               array(select g.name from minion_group_member w join minion_group g on g.id = w.group_id
                     where w.minion_key = m.minion_key order by g.name)
        {Sources} where m.minion_key = $1
        """;

    internal const string FindSql = """
        select m.minion_key from minion m join key_domain d on d.id = m.key_domain_id
        where m.minion_id = $1 and ($2::text is null or d.name = $2)
        order by m.key_status = 'deleted', m.minion_key
        """;

    /// <summary>
    /// Scans the narrow rows of the fleet, once a page and not in a loop: 100,000 take less than 50 ms.
    /// </summary>
    internal const string CountSql = """
        select m.key_status, count(*)::int, count(c.last_contact_at)::int,
               (count(*) filter (where c.last_contact_at > $1))::int,
               (count(*) filter (where m.fingerprint_conflict))::int
        from minion m left join minion_contact c on c.minion_key = m.minion_key
        group by m.key_status
        """;

    private DateTimeOffset PresentSince => clock.GetUtcNow() - options.Value.PresentWithin;

    public async Task<MinionPage> ListAsync(
        MinionFilter filter, MinionCursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var sql = new SelectionSql(1);
        var (conditions, refused) = await ConditionsAsync(filter, sql, connection, cancellationToken);
        if (refused is not null)
        {
            return refused;
        }

        if (after is not null)
        {
            conditions.Add($"(m.minion_id, m.minion_key) > ({sql.Text(after.MinionId)}, "
                + $"{sql.Add(after.Key.Value, NpgsqlDbType.Bigint)})");
        }

        var most = Math.Clamp(limit, 1, LargestPage);
        var text = $"select {Columns} {Sources} where {string.Join(" and ", conditions.DefaultIfEmpty("true"))} "
            + $"order by m.minion_id, m.minion_key limit {sql.Add(most + 1, NpgsqlDbType.Integer)}";
        var since = PresentSince;
        var rows = await Statement.QueryAsync(
            connection, text, [.. sql.Parameters], row => ReadRow(row, since), cancellationToken);
        var page = rows.Take(most).ToList();
        return new MinionPage.Found(
            page, rows.Count > most ? new MinionCursor(page[^1].MinionId, page[^1].Key) : null);
    }

    public async Task<MinionDetail?> FindAsync(MinionKey minion, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var since = PresentSince;
        var found = await Statement.QueryAsync(
            connection, OneSql, [minion.Value], row => ReadDetail(row, since), cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The minions with this id: one for each key domain that has it, those whose key is gone last.</summary>
    public async Task<IReadOnlyList<MinionKey>> FindAsync(
        string minionId, string? keyDomain, CancellationToken cancellationToken)
    {
        if (StorableText.FirstOdd(minionId + keyDomain) is not null)
        {
            return [];
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, FindSql, [minionId, new NpgsqlParameter<string?> { TypedValue = keyDomain }],
            row => new MinionKey(row.GetInt64(0)), cancellationToken);
    }

    public async Task<FleetCounts> CountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var rows = await Statement.QueryAsync(
            connection, CountSql, [PresentSince],
            row => (Status: Enum.Parse<KeyStatus>(row.GetString(0), ignoreCase: true), All: row.GetInt32(1),
                Heard: row.GetInt32(2), Present: row.GetInt32(3), Conflicts: row.GetInt32(4)),
            cancellationToken);
        var accepted = rows.FirstOrDefault(row => row.Status == KeyStatus.Accepted);
        return new FleetCounts(
            rows.ToDictionary(row => row.Status, row => row.All),
            new Dictionary<Presence, int>
            {
                [Presence.Present] = accepted.Present,
                [Presence.Absent] = accepted.Heard - accepted.Present,
                [Presence.Unknown] = accepted.All - accepted.Heard,
            },
            rows.Sum(row => row.Conflicts));
    }

    private static async Task<(List<string> Conditions, MinionPage.Refused? Refused)> SelectionAsync(
        MinionFilter filter, SelectionSql sql, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        if (filter.Grain is { } grain)
        {
            if (GrainPath.Parse(grain) is not { } path)
            {
                return (conditions, new MinionPage.Refused(
                    "grain", $"'{grain}' is not a grain's name, ':' and a glob, as in os:SLES."));
            }

            conditions.Add(sql.Write(new CompoundExpression.Grain(path)));
        }

        if (filter.Group is { } group)
        {
            var (expression, problem) = await GroupLookup.ExpandAsync(
                new CompoundExpression.Group(group), connection, cancellationToken);
            if (problem is not null)
            {
                return (conditions, new MinionPage.Refused("group", problem));
            }

            conditions.Add(sql.Write(expression!));
        }

        return (conditions, null);
    }

    private static MinionRow ReadRow(NpgsqlDataReader row, DateTimeOffset presentSince)
    {
        var contact = row.TimeOrNull(9);
        return new MinionRow
        {
            Key = new MinionKey(row.GetInt64(0)),
            MinionId = row.GetString(1),
            KeyDomain = row.GetString(2),
            Master = row.TextOrNull(3),
            KeyStatus = Enum.Parse<KeyStatus>(row.GetString(4), ignoreCase: true),
            FingerprintConflict = row.GetBoolean(5),
            Os = row.TextOrNull(6),
            OsRelease = row.TextOrNull(7),
            SaltVersion = row.TextOrNull(8),
            Presence = contact is null ? Presence.Unknown : contact > presentSince ? Presence.Present : Presence.Absent,
            LastContactAt = contact,
        };
    }

    private static MinionDetail ReadDetail(NpgsqlDataReader row, DateTimeOffset presentSince) => new(
        ReadRow(row, presentSince),
        row.TextOrNull(10),
        row.TextOrNull(11),
        row.TextOrNull(12),
        row.TextOrNull(13),
        [.. row.GetFieldValue<IPAddress[]>(14).Select(address => address.ToString())],
        row.TextOrNull(15),
        row.GetString(16),
        row.TimeOrNull(17),
        row.GetFieldValue<DateTimeOffset>(18),
        row.GetFieldValue<string[]>(19));

    private async Task<(List<string> Conditions, MinionPage.Refused? Refused)> ConditionsAsync(
        MinionFilter filter, SelectionSql sql, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (FirstOdd(filter) is { } odd)
        {
            return ([], new MinionPage.Refused(odd, $"It holds {StorableText.Odd}."));
        }

        var (conditions, refused) = await SelectionAsync(filter, sql, connection, cancellationToken);
        if (filter.Id is { Length: > 0 } id)
        {
            conditions.Add(SaltGlob.IsLiteral(id)
                ? $"starts_with(m.minion_id, {sql.Text(id)}) and m.minion_id >= {sql.Text(id)}"
                : sql.Write(new CompoundExpression.Glob(id)));
        }

        AddEqual(conditions, sql, "m.key_status", filter.KeyStatus is { } status ? KeyReports.Word(status) : null);
        AddEqual(conditions, sql, "m.os", filter.Os);
        AddEqual(conditions, sql, "s.name", filter.Master);
        AddEqual(conditions, sql, "d.name", filter.KeyDomain);
        if (filter.OnlyConflicts)
        {
            conditions.Add("m.fingerprint_conflict");
        }

        if (filter.Presence is { } presence)
        {
            conditions.Add(presence == Presence.Unknown
                ? "c.last_contact_at is null"
                : $"c.last_contact_at {(presence == Presence.Present ? ">" : "<=")} "
                    + sql.Add(PresentSince, NpgsqlDbType.TimestampTz));
        }

        return (conditions, refused);
    }

    private static void AddEqual(List<string> conditions, SelectionSql sql, string column, string? value)
    {
        if (value is not null)
        {
            conditions.Add($"{column} = {sql.Text(value)}");
        }
    }

    private static string? FirstOdd(MinionFilter filter) => new (string Argument, string? Text)[]
    {
        ("id", filter.Id), ("os", filter.Os), ("master", filter.Master), ("keyDomain", filter.KeyDomain),
        ("group", filter.Group), ("grain", filter.Grain),
    }.Where(part => part.Text is { } text && StorableText.FirstOdd(text) is not null)
        .Select(part => part.Argument).FirstOrDefault();
}
