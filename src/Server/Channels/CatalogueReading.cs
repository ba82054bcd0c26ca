using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels;

/// <summary>Reads what a catalogue is made of: some ten thousand narrow rows.</summary>
internal static class CatalogueReading
{
    /// <summary>Our own files before SUSE Manager's, and these before SUSE Customer Center's.</summary>
    public const string Rank =
        "case split_part(source, ':', 1) when 'yaml' then 1 when 'product-tree' then 2 else 3 end";

    private const string Precedence = $"order by {Rank}, source";

    /// <summary>All but what checks of channels found.</summary>
    public static async Task<CatalogueRows> ReadRowsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) => new()
        {
            Products = await Statement.QueryAsync(connection, ProductsSql, [], ReadProduct, cancellationToken),
            Extensions = await Statement.QueryAsync(
                connection, ExtensionsSql, [],
                row => new ProductExtension(row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3)),
                cancellationToken),
            Successors = await Statement.QueryAsync(
                connection, SuccessorsSql, [],
                row => new ProductSuccessor(row.GetString(0), row.GetString(1), row.GetBoolean(2)), cancellationToken),
            Channels = await Statement.QueryAsync(
                connection, ChannelsSql, [],
                row => new SoftwareChannel(
                    row.GetString(0), row.GetString(1), row.GetString(2), row.TextOrNull(3), row.TextOrNull(4),
                    row.GetBoolean(5), row.TextOrNull(6)),
                cancellationToken),
            ProductChannels = await Statement.QueryAsync(
                connection, ProductChannelsSql, [],
                row => (row.GetString(0), new ProductChannel(
                    row.GetString(1), row.GetString(2), row.GetString(3), row.GetBoolean(4), row.GetBoolean(5))),
                cancellationToken),
            Clones = await Statement.QueryAsync(
                connection, ClonesSql, [],
                row => new ChannelClone(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)),
                cancellationToken),
            Mirrors = await Statement.QueryAsync(
                connection, MirrorsSql, [], row => new ChannelMirror(row.GetString(0), row.GetString(1)),
                cancellationToken),
        };

    /// <summary>What checks found, by address; or only where a channel was not there.</summary>
    public static Task<List<(string Url, ChannelAvailability Found)>> ReadAvailabilityAsync(
        NpgsqlConnection connection, bool everyCheck, CancellationToken cancellationToken) => Statement.QueryAsync(
        connection, AvailabilitySql, [everyCheck],
        row => (row.GetString(0), new ChannelAvailability(row.GetBoolean(1), row.TextOrNull(2), row.TimeOrNull(3))),
        cancellationToken);

    public static Product ReadProduct(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.TextOrNull(3), row.TextOrNull(4),
        Enum.Parse<ProductKind>(row.GetString(5), ignoreCase: true), row.GetString(6), row.GetString(7));

    internal const string ProductsSql = $"""
        select id, name, version, release_type, arch, kind, title, stage from product {Precedence}, id
        """;

    internal const string ExtensionsSql = $"""
        select product_id, root_id, parent_id, recommended from product_extension {Precedence}, parent_id
        """;

    internal const string SuccessorsSql = "select from_id, to_id, way = 'online' from product_successor";

    internal const string ChannelsSql = $"""
        select label, name, url, arch, parent_label, signed, gpg_keys::text from software_channel {Precedence}, label
        """;

    internal const string ProductChannelsSql = $"""
        select source, product_id, root_id, label, mandatory, recommended from product_channel {Precedence}, label
        """;

    internal const string ClonesSql = "select label, original, family, url from channel_clone";

    internal const string MirrorsSql = "select prefix, target from channel_mirror order by prefix";

    internal const string AvailabilitySql = """
        select url, available, reason, checked_at from channel_availability
        where available is not null and ($1::boolean or not available)
        """;
}
