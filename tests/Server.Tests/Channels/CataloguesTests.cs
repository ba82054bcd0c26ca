using Npgsql;
using Saltern.Rig;
using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;
using Saltern.Server.Database;
using Saltern.Server.Tests.Rig;
using Saltern.Server.Tests.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.Channels;

/// <summary>The catalogue is read when its tables have changed, by whomever, and not otherwise.</summary>
public sealed class CataloguesTests(PostgresServer server) : CoreGround(server)
{
    private static readonly string Pool = Sle.Pool(3);

    private ChannelOrders Orders => rig.Get<ChannelOrders>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await ImportAsync(ImportFormat.Scc, Sle.Scc);
        await ImportAsync(ImportFormat.ProductTree, Sle.Tree);
        await ReadAsync();
    }

    [Fact]
    public async Task While_nothing_changes_it_is_read_once()
    {
        await database.ExecuteAsync(
            "alter table software_channel disable trigger all; update software_channel set name = 'unseen'; "
            + "alter table software_channel enable trigger all");
        Assert.NotEqual("unseen", (await ReadAsync()).Channel(Pool)!.Name);
    }

    [Fact]
    public async Task An_import_is_seen()
    {
        await ImportAsync(
            ImportFormat.ProductTree, Sle.Tree.Replace($"/{Pool}/", "/moved/", StringComparison.Ordinal));
        Assert.Equal("https://updates.example.com/moved/", await UrlAsync());
    }

    [Fact]
    public async Task Mirrors_are_seen()
    {
        await Orders.SetMirrorsAsync([new("https://updates.example.com/", "https://m/")], "ann", default);
        Assert.Equal($"https://m/{Pool}/", await UrlAsync());
    }

    [Fact]
    public async Task Clones_are_seen_as_they_come_and_go()
    {
        await Orders.CreateCloneAsync(new("prod-pool", Pool, "prod", "https://clones/"), "ann", default);
        Assert.NotNull((await ReadAsync()).Clone("prod-pool"));
        await Orders.DeleteCloneAsync("prod-pool", "ann", default);
        Assert.Null((await ReadAsync()).Clone("prod-pool"));
    }

    [Theory]
    [InlineData("delete from product")]
    [InlineData("truncate product")]
    [InlineData("update product set id = 'x' || id")]
    public async Task Statements_of_others_are_seen(string sql)
    {
        await database.ExecuteAsync(sql);
        Assert.Null((await ReadAsync()).Find("105"));
    }

    [Fact]
    public async Task Successors_extensions_and_channels_of_products_that_go_are_seen()
    {
        await database.ExecuteAsync("delete from product_successor");
        Assert.Empty((await ReadAsync()).Successors("103"));
        await database.ExecuteAsync("delete from product_extension");
        Assert.Empty((await ReadAsync()).Extensions("205", "105"));
        await database.ExecuteAsync("delete from product_channel");
        Assert.Empty((await ReadAsync()).Channels("105", "105"));
    }

    [Fact]
    public async Task What_a_check_finds_is_seen_each_time()
    {
        await database.ExecuteAsync(
            "insert into channel_availability (url, available, checked_at) values ($1, false, now())",
            await UrlAsync());
        var catalogue = await ReadAsync();
        Assert.False(catalogue.AvailabilityOf(catalogue.Channel(Pool)!).Available);
    }

    [Fact]
    public async Task What_a_transaction_has_changed_is_not_kept_when_it_is_rolled_back()
    {
        await using (var connection = await database.DataSource.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await Statement.ExecuteAsync(connection, "delete from product", [], default);
            Assert.Null((await ReadAsync(connection)).Find("105"));
            await transaction.RollbackAsync();
        }

        Assert.NotNull((await ReadAsync()).Find("105"));
    }

    private Task<ProductCatalogue> ReadAsync(NpgsqlConnection connection) =>
        rig.Get<Catalogues>().ReadAsync(connection, false, default);

    private async Task<ProductCatalogue> ReadAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await ReadAsync(connection);
    }

    private async Task<string> UrlAsync()
    {
        var catalogue = await ReadAsync();
        return catalogue.UrlOf(catalogue.Channel(Pool)!);
    }

    private Task ImportAsync(ImportFormat format, string text) => rig.Get<ProductImports>().ImportAsync(
        Sle.Read(format, text), "tester", dryRun: false, default);
}
