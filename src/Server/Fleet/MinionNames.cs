using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>Finds minions by the ids people write, many in one query; ids whose key is gone do not count.</summary>
internal sealed class MinionNames(NpgsqlDataSource dataSource)
{
    internal const string FindSql = """
        select w.id, count(m.minion_key)::int, min(m.minion_key)
        from (select distinct id from unnest($1::text[]) as w(id)) w
        left join (minion m join key_domain d on d.id = m.key_domain_id)
            on m.minion_id = w.id and m.key_status <> 'deleted' and ($2::text is null or d.name = $2)
        group by w.id order by w.id
        """;

    public async Task<NamedMinions> FindAsync(
        IReadOnlyList<string> names, string? keyDomain, CancellationToken cancellationToken)
    {
        var odd = names.Where(name => StorableText.FirstOdd(name) is not null).ToList();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var rows = await Statement.QueryAsync(
            connection, FindSql, [names.Except(odd).ToArray(), new NpgsqlParameter<string?> { TypedValue = keyDomain }],
            row => (Name: row.GetString(0), Count: row.GetInt32(1), Key: row.IsDBNull(2) ? 0 : row.GetInt64(2)),
            cancellationToken);
        return new NamedMinions(
            rows.Where(row => row.Count == 1).ToDictionary(row => row.Name, row => new MinionKey(row.Key)),
            [.. odd, .. rows.Where(row => row.Count == 0).Select(row => row.Name)],
            [.. rows.Where(row => row.Count > 1).Select(row => row.Name)]);
    }
}
