using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels;

/// <summary>Products and channels for people, page by page.</summary>
internal sealed class ChannelLists(NpgsqlDataSource database)
{
    /// <summary>Channels after a label in the order of labels, each once, clones among them.</summary>
    public async Task<IReadOnlyList<ChannelRow>> ListChannelsAsync(
        string? search, string? product, string after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var mirrors = new ChannelMirrors(await MirrorsAsync(connection, cancellationToken));
        var rows = await Statement.QueryAsync(
            connection, ChannelsSql, [after, Parameter(search), Parameter(product), limit],
            row => (Channel: new SoftwareChannel(
                    row.GetString(0), row.GetString(1), row.GetString(2), row.TextOrNull(3), row.TextOrNull(4),
                    row.GetBoolean(5)),
                Source: row.GetString(6), Original: row.TextOrNull(7), Family: row.TextOrNull(8)),
            cancellationToken);
        var urls = rows.Select(row => mirrors.Apply(row.Channel.Url)).ToArray();
        var found = (await Statement.QueryAsync(
            connection, AvailabilitySql, [urls],
            row => (row.GetString(0), new ChannelAvailability(row.GetBoolean(1), row.TextOrNull(2), row.TimeOrNull(3))),
            cancellationToken)).ToDictionary();
        return [.. rows.Zip(urls, (row, url) => new ChannelRow(
            row.Channel, row.Source, url, row.Original, row.Family,
            found.GetValueOrDefault(url) ?? ChannelAvailability.Unknown))];
    }

    /// <summary>
    /// Addresses of channels, as mirrored: of those with these labels, or of all; and the labels that nobody knows.
    /// </summary>
    public async Task<(IReadOnlyList<string> Urls, IReadOnlyList<string> Unknown)> FindUrlsAsync(
        IReadOnlyList<string>? labels, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var mirrors = new ChannelMirrors(await MirrorsAsync(connection, cancellationToken));
        var rows = await Statement.QueryAsync(
            connection, UrlsSql,
            [new NpgsqlParameter<string[]?> { TypedValue = labels?.Where(ChannelLabel.IsOne).ToArray() }],
            row => (Label: row.GetString(0), Url: row.GetString(1)), cancellationToken);
        return (
            [.. rows.Select(row => mirrors.Apply(row.Url)).Distinct()],
            labels is null ? [] : [.. labels.Except(rows.Select(row => row.Label))]);
    }

    public async Task<IReadOnlyList<ProductRow>> ListProductsAsync(
        string? search, ProductKind? kind, string after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, ProductsSql, [after, Parameter(search), Parameter(kind?.ToString().ToLowerInvariant()), limit],
            row => new ProductRow(
                CatalogueReading.ReadProduct(row), row.GetString(8), row.GetFieldValue<string[]>(9),
                row.GetFieldValue<string[]>(10), row.GetInt32(11)),
            cancellationToken);
    }

    public async Task<IReadOnlyList<ChannelMirror>> ListMirrorsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await MirrorsAsync(connection, cancellationToken);
    }

    private static Task<List<ChannelMirror>> MirrorsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) => Statement.QueryAsync(
        connection, CatalogueReading.MirrorsSql, [], row => new ChannelMirror(row.GetString(0), row.GetString(1)),
        cancellationToken);

    private static NpgsqlParameter<string?> Parameter(string? text) => new() { TypedValue = text };

    /// <summary>A channel that two sources describe is shown as the one with precedence does.</summary>
    internal const string ChannelsSql = $"""
        with known as (
            select label, name, url, arch, parent_label, signed, source, null::text as original, null::text as family
            from software_channel
            union all
            select k.label, k.label, k.url, c.arch, c.parent_label, coalesce(c.signed, true), 'clone', k.original,
                   k.family
            from channel_clone k left join lateral (
                select arch, parent_label, signed from software_channel c where c.label = k.original limit 1) c on true)
        select distinct on (label) label, name, url, arch, parent_label, signed, source, original, family
        from known
        where label > $1 collate "C"
          and ($2::text is null or position(lower($2) in lower(label || ' ' || name)) > 0)
          and ($3::text is null or label in (select p.label from product_channel p where p.product_id = $3))
        order by label, {CatalogueReading.Rank}, source
        limit $4
        """;

    internal const string AvailabilitySql = """
        select url, available, reason, checked_at from channel_availability
        where available is not null and url = any($1)
        """;

    internal const string UrlsSql = $"""
        with known as (
            select label, url, source from software_channel union all select label, url, 'clone' from channel_clone)
        select distinct on (label) label, url from known where $1::text[] is null or label = any($1)
        order by label, {CatalogueReading.Rank}, source
        """;

    internal const string ProductsSql = $"""
        select distinct on (p.id) p.id, p.name, p.version, p.release_type, p.arch, p.kind, p.title, p.stage, p.source,
               array(select distinct s.from_id from product_successor s where s.to_id = p.id and s.way = 'online'
                     order by s.from_id),
               array(select distinct s.to_id from product_successor s where s.from_id = p.id and s.way = 'online'
                     order by s.to_id),
               (select count(distinct c.label)::int from product_channel c where c.product_id = p.id)
        from product p
        where p.id > $1 collate "C"
          and ($2::text is null or position(lower($2) in lower(concat_ws(' ', p.id, p.name, p.version, p.title))) > 0)
          and ($3::text is null or p.kind = $3)
        order by p.id, {CatalogueReading.Rank}, p.source
        limit $4
        """;
}
