using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Channels.Import;

/// <summary>
/// Writes what a file says: the rows of its source become those of the file, in one transaction, with one statement for
/// each table that also tells what it changed. Imports go one after another.
/// </summary>
internal sealed partial class ProductImports(
    NpgsqlDataSource database, TimeProvider clock, ILogger<ProductImports> logger)
{
    /// <summary>
    /// Makes the change, or only tells what it would be. An exception at any point leaves everything as it was.
    /// </summary>
    public async Task<ImportReport> ImportAsync(
        ProductImport import, string actor, bool dryRun, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, LockSql, [], cancellationToken);
        var report = new ImportReport(
            import.Source,
            await WriteAsync(connection, ProductsSql, ProductRows(import), cancellationToken),
            await WriteAsync(connection, ExtensionsSql, ExtensionRows(import), cancellationToken),
            await WriteAsync(connection, SuccessorsSql, SuccessorRows(import), cancellationToken),
            await WriteAsync(connection, ChannelsSql, ChannelRows(import), cancellationToken),
            await WriteAsync(connection, ProductChannelsSql, ProductChannelRows(import), cancellationToken));
        await Statement.ExecuteAsync(
            connection, SourceSql, [import.Source, ImportFormats.Word(import.Format), actor, clock.GetUtcNow()],
            cancellationToken);
        if (!dryRun)
        {
            await transaction.CommitAsync(cancellationToken);
            LogImported(
                import.Source, actor, report.Products.Added, report.Products.Changed, report.Products.Gone,
                report.Channels.Added, report.Channels.Changed, report.Channels.Gone);
        }

        return report;
    }

    private static async Task<ImportDifference> WriteAsync(
        NpgsqlConnection connection, string sql, object?[] rows, CancellationToken cancellationToken) =>
        ImportDifference.Of(await Statement.QueryAsync(
            connection, sql, rows, row => (row.GetString(0), row.GetString(1)), cancellationToken));

    private static object?[] ProductRows(ProductImport import)
    {
        var rows = import.Products;
        return
        [
            import.Source, Texts(rows, row => row.Id), Texts(rows, row => row.Name), Texts(rows, row => row.Version),
            Texts(rows, row => row.ReleaseType), Texts(rows, row => row.Arch),
            Texts(rows, row => row.Kind.ToString().ToLowerInvariant()), Texts(rows, row => row.Title),
            Texts(rows, row => row.Stage),
        ];
    }

    private static object?[] ExtensionRows(ProductImport import)
    {
        var rows = import.Extensions;
        return
        [
            import.Source, Texts(rows, row => row.ProductId), Texts(rows, row => row.RootId),
            Texts(rows, row => row.ParentId), Flags(rows, row => row.Recommended),
        ];
    }

    private static object?[] SuccessorRows(ProductImport import)
    {
        var rows = import.Successors;
        return
        [
            import.Source, Texts(rows, row => row.FromId), Texts(rows, row => row.ToId),
            Texts(rows, row => row.Online ? "online" : "offline"),
        ];
    }

    private static object?[] ChannelRows(ProductImport import)
    {
        var rows = import.Channels;
        return
        [
            import.Source, Texts(rows, row => row.Label), Texts(rows, row => row.Name), Texts(rows, row => row.Url),
            Texts(rows, row => row.Arch), Texts(rows, row => row.ParentLabel), Flags(rows, row => row.Signed),
            Texts(rows, row => row.GpgKeys),
        ];
    }

    private static object?[] ProductChannelRows(ProductImport import)
    {
        var rows = import.ProductChannels;
        return
        [
            import.Source, Texts(rows, row => row.ProductId), Texts(rows, row => row.RootId),
            Texts(rows, row => row.Label), Flags(rows, row => row.Mandatory), Flags(rows, row => row.Recommended),
        ];
    }

    private static string?[] Texts<T>(IReadOnlyList<T> rows, Func<T, string?> text) => [.. rows.Select(text)];

    private static bool[] Flags<T>(IReadOnlyList<T> rows, Func<T, bool> flag) => [.. rows.Select(flag)];

    internal const string LockSql = "select pg_advisory_xact_lock(7261, 6)";

    internal const string SourceSql = """
        insert into product_source (name, format, imported_by, imported_at) values ($1, $2, $3, $4)
        on conflict (name) do update
        set format = excluded.format, imported_by = excluded.imported_by, imported_at = excluded.imported_at
        """;

    /// <summary>All parts see the rows of before: what is added did not exist then, what is gone still did.</summary>
    internal const string ProductsSql = """
        with told as materialized (
            select * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                                 $9::text[])
                as t(id, name, version, release_type, arch, kind, title, stage)),
        gone as (
            delete from product p where p.source = $1 and not exists (select from told t where t.id = p.id)
            returning p.title),
        changed as (
            update product p
            set name = t.name, version = t.version, release_type = t.release_type, arch = t.arch, kind = t.kind,
                title = t.title, stage = t.stage
            from told t
            where p.source = $1 and p.id = t.id
              and (p.name, p.version, p.release_type, p.arch, p.kind, p.title, p.stage) is distinct from
                  (t.name, t.version, t.release_type, t.arch, t.kind, t.title, t.stage)
            returning p.title),
        added as (
            insert into product (source, id, name, version, release_type, arch, kind, title, stage)
            select $1, id, name, version, release_type, arch, kind, title, stage from told t
            where not exists (select from product p where p.source = $1 and p.id = t.id)
            returning title)
        select 'gone', title from gone union all select 'changed', title from changed
        union all select 'added', title from added
        """;

    internal const string ExtensionsSql = """
        with told as materialized (
            select * from unnest($2::text[], $3::text[], $4::text[], $5::boolean[])
                as t(product_id, root_id, parent_id, recommended)),
        gone as (
            delete from product_extension p
            where p.source = $1 and not exists (
                select from told t
                where (t.product_id, t.root_id, t.parent_id) = (p.product_id, p.root_id, p.parent_id))
            returning p.product_id, p.root_id),
        changed as (
            update product_extension p set recommended = t.recommended from told t
            where p.source = $1 and (t.product_id, t.root_id, t.parent_id) = (p.product_id, p.root_id, p.parent_id)
              and p.recommended <> t.recommended
            returning p.product_id, p.root_id),
        added as (
            insert into product_extension (source, product_id, root_id, parent_id, recommended)
            select $1, product_id, root_id, parent_id, recommended from told t
            where not exists (
                select from product_extension p
                where p.source = $1
                  and (t.product_id, t.root_id, t.parent_id) = (p.product_id, p.root_id, p.parent_id))
            returning product_id, root_id)
        select 'gone', product_id || ' on ' || root_id from gone
        union all select 'changed', product_id || ' on ' || root_id from changed
        union all select 'added', product_id || ' on ' || root_id from added
        """;

    internal const string SuccessorsSql = """
        with told as materialized (
            select * from unnest($2::text[], $3::text[], $4::text[]) as t(from_id, to_id, way)),
        gone as (
            delete from product_successor p
            where p.source = $1 and not exists (
                select from told t where (t.from_id, t.to_id, t.way) = (p.from_id, p.to_id, p.way))
            returning p.from_id, p.to_id),
        added as (
            insert into product_successor (source, from_id, to_id, way)
            select $1, from_id, to_id, way from told t
            where not exists (
                select from product_successor p
                where p.source = $1 and (t.from_id, t.to_id, t.way) = (p.from_id, p.to_id, p.way))
            returning from_id, to_id)
        select 'gone', from_id || ' → ' || to_id from gone
        union all select 'added', from_id || ' → ' || to_id from added
        """;

    internal const string ChannelsSql = """
        with told as materialized (
            select label, name, url, arch, parent_label, signed, gpg_keys::jsonb as gpg_keys
            from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[])
                as t(label, name, url, arch, parent_label, signed, gpg_keys)),
        gone as (
            delete from software_channel c
            where c.source = $1 and not exists (select from told t where t.label = c.label)
            returning c.label),
        changed as (
            update software_channel c
            set name = t.name, url = t.url, arch = t.arch, parent_label = t.parent_label, signed = t.signed,
                gpg_keys = t.gpg_keys
            from told t
            where c.source = $1 and c.label = t.label
              and (c.name, c.url, c.arch, c.parent_label, c.signed, c.gpg_keys) is distinct from
                  (t.name, t.url, t.arch, t.parent_label, t.signed, t.gpg_keys)
            returning c.label),
        added as (
            insert into software_channel (source, label, name, url, arch, parent_label, signed, gpg_keys)
            select $1, label, name, url, arch, parent_label, signed, gpg_keys from told t
            where not exists (select from software_channel c where c.source = $1 and c.label = t.label)
            returning label)
        select 'gone', label from gone union all select 'changed', label from changed
        union all select 'added', label from added
        """;

    internal const string ProductChannelsSql = """
        with told as materialized (
            select * from unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[])
                as t(product_id, root_id, label, mandatory, recommended)),
        gone as (
            delete from product_channel p
            where p.source = $1 and not exists (
                select from told t where (t.product_id, t.root_id, t.label) = (p.product_id, p.root_id, p.label))
            returning p.product_id, p.label),
        changed as (
            update product_channel p set mandatory = t.mandatory, recommended = t.recommended from told t
            where p.source = $1 and (t.product_id, t.root_id, t.label) = (p.product_id, p.root_id, p.label)
              and (p.mandatory, p.recommended) is distinct from (t.mandatory, t.recommended)
            returning p.product_id, p.label),
        added as (
            insert into product_channel (source, product_id, root_id, label, mandatory, recommended)
            select $1, product_id, root_id, label, mandatory, recommended from told t
            where not exists (
                select from product_channel p
                where p.source = $1 and (t.product_id, t.root_id, t.label) = (p.product_id, p.root_id, p.label))
            returning product_id, label)
        select 'gone', label || ' of ' || product_id from gone
        union all select 'changed', label || ' of ' || product_id from changed
        union all select 'added', label || ' of ' || product_id from added
        """;

    [LoggerMessage(LogLevel.Information,
        "{Actor} imported {Source}: products {ProductsAdded} added, {ProductsChanged} changed, {ProductsGone} gone; "
        + "channels {ChannelsAdded} added, {ChannelsChanged} changed, {ChannelsGone} gone")]
    private partial void LogImported(
        string source, string actor, int productsAdded, int productsChanged, int productsGone, int channelsAdded,
        int channelsChanged, int channelsGone);
}
