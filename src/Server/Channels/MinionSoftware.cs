using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels;

/// <summary>
/// What minions told of their products and repositories. Minions with the same products share one row of them, so that
/// what follows from products is reckoned once for all of these. What is older than what is kept changes nothing.
/// </summary>
internal static class MinionSoftware
{
    private static readonly JsonSerializerOptions Written = new(JsonSerializerDefaults.Web);

    /// <summary>Keeps what several minions told, within the caller's transaction.</summary>
    public static async Task LearnAsync(
        IReadOnlyCollection<(MinionKey Minion, InstalledSoftware Software)> learned, DateTimeOffset at,
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var products = learned.Where(one => one.Software.Products is not null)
            .GroupBy(one => one.Minion)
            .Select(same => (Minion: same.Key, Json: Write(same.Last().Software.Products!)))
            .Select(one => (one.Minion, one.Json, Digest: SHA256.HashData(Encoding.UTF8.GetBytes(one.Json))))
            .ToList();
        if (products.Count > 0)
        {
            var sets = products.DistinctBy(one => one.Json).ToList();
            await Statement.ExecuteAsync(
                connection, KeepSetsSql,
                [sets.Select(one => one.Digest).ToArray(), Texts(sets.Select(one => one.Json))],
                cancellationToken);
            await Statement.ExecuteAsync(
                connection, LearnProductsSql,
                [
                    products.Select(one => one.Minion.Value).ToArray(),
                    products.Select(one => one.Digest).ToArray(), at,
                ],
                cancellationToken);
        }

        var repositories = learned.Where(one => one.Software.Repositories is not null)
            .GroupBy(one => one.Minion)
            .Select(same => (Minion: same.Key, Json: Write(same.Last().Software.Repositories!)))
            .ToList();
        if (repositories.Count > 0)
        {
            await Statement.ExecuteAsync(
                connection, LearnRepositoriesSql,
                [
                    repositories.Select(one => one.Minion.Value).ToArray(),
                    Texts(repositories.Select(one => one.Json)), at,
                ],
                cancellationToken);
        }
    }

    /// <summary>What is kept of one minion; null where it never told anything.</summary>
    public static async Task<MinionSoftwareRow?> FindAsync(
        MinionKey minion, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var found = await Statement.QueryAsync(
            connection, FindSql, [minion.Value],
            row => new MinionSoftwareRow(
                row.TextOrNull(0) is { } products ? ReadProducts(products) : null, row.TimeOrNull(1),
                row.TextOrNull(2) is { } repositories ? ReadRepositories(repositories) : null,
                row.TimeOrNull(3)),
            cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The sets of products with these ids.</summary>
    public static async Task<Dictionary<long, IReadOnlyList<InstalledProduct>>> ReadSetsAsync(
        IReadOnlyCollection<long> ids, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await Statement.QueryAsync(
            connection, SetsSql, [ids.ToArray()], row => (row.GetInt64(0), ReadProducts(row.GetString(1))),
            cancellationToken)).ToDictionary();

    /// <summary>Repositories as they are kept.</summary>
    public static IReadOnlyList<MinionRepository> ReadRepositories(string json) => Read<MinionRepository>(json);

    private static IReadOnlyList<InstalledProduct> ReadProducts(string json) => Read<InstalledProduct>(json);

    private static List<T> Read<T>(string json) => JsonSerializer.Deserialize<List<T>>(json, Written)!;

    private static string Write<T>(IReadOnlyList<T> items) => JsonSerializer.Serialize(items, Written);

    private static NpgsqlParameter Texts(IEnumerable<string> texts) =>
        new() { Value = texts.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    /// <summary>In the order of digests, so that two settlers do not wait for each other in a circle.</summary>
    internal const string KeepSetsSql = """
        insert into product_set (digest, products)
        select digest, products::json from unnest($1::bytea[], $2::text[]) as s(digest, products)
        order by digest
        on conflict (digest) do nothing
        """;

    /// <summary>In the order of minions, as whoever writes to many of them.</summary>
    internal const string LearnProductsSql = """
        insert into minion_software as m (minion_key, product_set_id, products_at)
        select l.minion_key, s.id, $3::timestamptz
        from unnest($1::bigint[], $2::bytea[]) as l(minion_key, digest) join product_set s using (digest)
        order by l.minion_key
        on conflict (minion_key) do update
        set product_set_id = excluded.product_set_id, products_at = excluded.products_at
        where m.products_at is null or m.products_at <= excluded.products_at
        """;

    internal const string LearnRepositoriesSql = """
        insert into minion_software as m (minion_key, repositories, repositories_at)
        select l.minion_key, l.repositories::json, $3::timestamptz
        from unnest($1::bigint[], $2::text[]) as l(minion_key, repositories)
        order by l.minion_key
        on conflict (minion_key) do update
        set repositories = excluded.repositories, repositories_at = excluded.repositories_at
        where m.repositories_at is null or m.repositories_at <= excluded.repositories_at
        """;

    internal const string FindSql = """
        select s.products::text, m.products_at, m.repositories::text, m.repositories_at
        from minion_software m left join product_set s on s.id = m.product_set_id
        where m.minion_key = $1
        """;

    internal const string SetsSql = "select id, products::text from product_set where id = any($1)";
}
