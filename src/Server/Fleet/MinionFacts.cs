using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Saltern.Server.Fleet;

/// <summary>
/// What minions say about themselves. Grains are kept whole for matching; those that lists show and filter by have
/// columns of their own. Grains that are older than the ones kept change nothing, so returns may be read in any order.
/// </summary>
internal sealed partial class MinionFacts(NpgsqlDataSource dataSource, ILogger<MinionFacts> logger)
{
    /// <summary>Rows are locked in the order of their keys: signs of life are written at the same time.</summary>
    internal const string LearnSql = """
        with learned as (
            select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
                                 $7::text[], $8::text[], $9::text[], $10::text[])
                as l(minion_key, at, os, os_release, os_family, kernel_release, cpu_arch, salt_version, addresses,
                     grains)),
        locked as (
            select m.minion_key from minion m join learned l on l.minion_key = m.minion_key
            where m.refreshed_at is null or m.refreshed_at <= l.at
            order by m.minion_key
            for no key update of m)
        update minion m
        set os = l.os, os_release = l.os_release, os_family = l.os_family, kernel_release = l.kernel_release,
            cpu_arch = l.cpu_arch, salt_version = l.salt_version, ip_addresses = l.addresses::inet[],
            grains = l.grains::jsonb, refreshed_at = l.at
        from learned l join locked using (minion_key)
        where m.minion_key = l.minion_key
        """;

    private static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["os"] = "os",
        ["osrelease"] = "os_release",
        ["os_family"] = "os_family",
        ["kernelrelease"] = "kernel_release",
        ["cpuarch"] = "cpu_arch",
        ["saltversion"] = "salt_version",
    };

    /// <summary>The column that holds a grain as text; null for grains that are only in the column grains.</summary>
    public static string? ColumnOf(string grain) => Columns.GetValueOrDefault(grain);

    /// <summary>Whether the grains were taken; not if they are no object, or older than those known.</summary>
    public async Task<bool> LearnAsync(
        MinionKey minion, JsonElement grains, DateTimeOffset at, CancellationToken cancellationToken) =>
        await LearnAsync([(minion, grains, at)], cancellationToken) == 1;

    /// <summary>Takes grains of many minions in one statement and returns of how many.</summary>
    public async Task<int> LearnAsync(
        IReadOnlyCollection<(MinionKey Minion, JsonElement Grains, DateTimeOffset At)> learned,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await LearnAsync(learned, connection, cancellationToken);
    }

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<int> LearnAsync(
        IReadOnlyCollection<(MinionKey Minion, JsonElement Grains, DateTimeOffset At)> learned,
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var facts = learned.GroupBy(one => one.Minion)
            .Select(same => same.MaxBy(one => one.At))
            .Select(one => Facts(one.Minion, one.Grains, one.At))
            .OfType<Learned>()
            .ToList();
        if (facts.Count == 0)
        {
            return 0;
        }

        await using var command = new NpgsqlCommand(LearnSql, connection);
        command.Parameters.Add(Array(facts.Select(one => one.Minion.Value), NpgsqlDbType.Bigint));
        command.Parameters.Add(Array(facts.Select(one => one.At.ToUniversalTime()), NpgsqlDbType.TimestampTz));
        foreach (var grain in Columns.Keys)
        {
            command.Parameters.Add(Array(facts.Select(one => one.Texts.GetValueOrDefault(grain)), NpgsqlDbType.Text));
        }

        command.Parameters.Add(Array(facts.Select(one => one.Addresses), NpgsqlDbType.Text));
        command.Parameters.Add(Array(facts.Select(one => one.Grains), NpgsqlDbType.Text));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The addresses of the grains ipv4 and ipv6 without loopback, in the order given.</summary>
    internal static IReadOnlyList<IPAddress> AddressesIn(JsonElement grains) =>
        [.. TextsIn(grains, "ipv4").Concat(TextsIn(grains, "ipv6"))
            .Select(MinionAddress.Parse)
            .OfType<IPAddress>()
            .Where(address => !IPAddress.IsLoopback(address))
            .Distinct()];

    private static NpgsqlParameter Array<T>(IEnumerable<T> values, NpgsqlDbType type) =>
        new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };

    private static IEnumerable<string> TextsIn(JsonElement grains, string name) =>
        grains.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => item.GetString()!)
            : [];

    private static string? Text(JsonElement grains, string name) =>
        !grains.TryGetProperty(name, out var value) ? null : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };

    private Learned? Facts(MinionKey minion, JsonElement grains, DateTimeOffset at)
    {
        if (GrainsText.From(grains) is not { } storable)
        {
            LogNoGrains(minion, grains.ValueKind);
            return null;
        }

        if (storable.Cut.Count > 0)
        {
            LogCut(minion, string.Join(", ", storable.Cut.Take(10)), storable.Cut.Count);
        }

        using var document = JsonDocument.Parse(storable.Json, new JsonDocumentOptions { MaxDepth = 512 });
        var texts = Columns.Keys.ToDictionary(name => name, name => Text(document.RootElement, name));
        var addresses = $"{{{string.Join(',', AddressesIn(document.RootElement))}}}";
        return new Learned(minion, at, texts, addresses, storable.Json);
    }

    [LoggerMessage(LogLevel.Warning, "The grains of minion {Minion} are {Kind}, not an object; kept what was known")]
    private partial void LogNoGrains(MinionKey minion, JsonValueKind kind);

    [LoggerMessage(LogLevel.Warning, "The grains of minion {Minion} are too large; left out {Count}: {Grains}")]
    private partial void LogCut(MinionKey minion, string grains, int count);

    private sealed record Learned(
        MinionKey Minion, DateTimeOffset At, Dictionary<string, string?> Texts, string Addresses, string Grains);
}
