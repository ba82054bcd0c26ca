using System.Text.Json;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;
using Saltern.Server.Tests.Rig;
using Saltern.Server.Tests.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.Channels;

/// <summary>Imports, what minions tell, assignments and targets on a real database.</summary>
public sealed class ChannelStorageTests(PostgresServer server) : CoreGround(server, minions: 4)
{
    private const string Products = """
        [{"name":"SLES","version":"15.3","release":"0","arch":"x86_64","isbase":true,"installed":true},
         {"name":"sle-module-basesystem","version":"15.3","release":"0","arch":"x86_64","isbase":false}]
        """;

    private ProductImports Imports => rig.Get<ProductImports>();

    [Fact]
    public async Task An_import_again_tells_what_changed()
    {
        var first = await ImportAsync(Sle.Tree, ImportFormat.ProductTree);
        var again = await ImportAsync(Sle.Tree, ImportFormat.ProductTree);
        var changed = await ImportAsync(
            Sle.Tree.Replace("https://updates.example.com/we15-sp3", "https://moved.example.com/we15-sp3")
                .Replace("\"server15-sp6-pool-x86_64\"", "\"server15-sp6-new-x86_64\""), ImportFormat.ProductTree);

        Assert.Equal((22, 0, 0), Counts(first.Channels));
        Assert.Equal((0, 0, 0), Counts(again.Channels));
        Assert.Equal((0, 0, 0), Counts(again.ProductChannels));
        Assert.Equal((1, 1, 1), Counts(changed.Channels));
        Assert.Equal("we15-sp3-pool-x86_64", Assert.Single(changed.Channels.ChangedNames));
        Assert.Equal("server15-sp6-pool-x86_64", Assert.Single(changed.Channels.GoneNames));
        Assert.Equal("server15-sp6-new-x86_64", Assert.Single(changed.Channels.AddedNames));
        Assert.Equal((1, 0, 1), Counts(changed.ProductChannels));
    }

    [Fact]
    public async Task An_import_replaces_only_what_came_from_its_source()
    {
        await ImportAsync(Sle.Scc, ImportFormat.Scc);
        await ImportAsync(Sle.Tree, ImportFormat.ProductTree);
        await ImportAsync("""[{"from_pdid": "103", "to_pdid": "106"}]""", ImportFormat.UpgradePaths);
        Assert.Equal(14, await database.ScalarAsync<long>("select count(*) from product"));
        Assert.Equal(1, await database.ScalarAsync<long>(
            "select count(*) from product_successor where source = 'upgrade-paths'"));
    }

    [Fact]
    public async Task An_import_that_breaks_in_the_middle_changes_nothing()
    {
        await ImportAsync(Sle.Scc, ImportFormat.Scc);
        var before = await FingerprintAsync();
        await database.ExecuteAsync("""
            create function saltern.refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
            create trigger refuse before insert on saltern.product_channel
            for each row when (new.label like 'broken%') execute function saltern.refuse()
            """);

        var broken = Sle.Scc.Replace("SLES15-SP6-Pool", "Broken-SP6-Pool").Replace("sle-we 15 SP3", "Renamed");
        await Assert.ThrowsAsync<PostgresException>(() => ImportAsync(broken, ImportFormat.Scc));

        Assert.Equal(before, await FingerprintAsync());
    }

    [Fact]
    public async Task A_dry_run_tells_and_changes_nothing()
    {
        var report = await Imports.ImportAsync(
            Sle.Read(ImportFormat.Scc, Sle.Scc), "tester", dryRun: true, CancellationToken.None);
        Assert.Equal((14, 0, 0), Counts(report.Products));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from product"));
    }

    [Fact]
    public async Task Minions_of_the_same_products_are_reckoned_once()
    {
        await ImportAsync(Sle.Scc, ImportFormat.Scc);
        await ImportAsync(Sle.Tree, ImportFormat.ProductTree);
        await RefreshAsync("products.refresh", "pkg.list_products", ("m1", Products), ("m2", Products), ("m3", "[]"));

        var (groups, _) = await rig.Get<ServicePackTargets>().ForAsync(
            new TargetSelection { Glob = "*" }, CancellationToken.None);

        Assert.Equal(2, await database.ScalarAsync<long>("select count(*) from product_set"));
        Assert.Equal(["m1,m2", "m3", "m4"], groups!.Select(group => string.Join(',', group.Names)));
        Assert.Equal(["15.5", "15.4"], groups![0].Targets.Targets.Select(target => target.Base.Version));
        Assert.Equal(WhyNotCode.NoBaseProduct, groups[1].Targets.WhyNot.Single().Code);
        Assert.Equal(WhyNotCode.ProductsNeverRead, groups[2].Targets.WhyNot.Single().Code);
        // SUSE Manager's labels come before those made of SUSE Customer Center's names.
        Assert.Equal(Sle.Pool(5), groups[0].Targets.Targets[0].Channels[0].Label);
    }

    [Fact]
    public async Task Repositories_are_kept_without_credentials_and_compared_with_the_record()
    {
        await ImportAsync(Sle.Tree, ImportFormat.ProductTree);
        var pool = Sle.Pool(3);
        await RefreshAsync("repositories.refresh", "pkg.list_repos", ("m1", $$$"""
            {"a": {"alias": "a", "baseurl": "https://user:secret@updates.example.com/{{{pool}}}?token=secret",
                   "enabled": true},
             "saltern:basesystem15-sp3-pool-x86_64": {"baseurl": "https://x/", "enabled": true},
             "server15-sp3-pool-x86_64": {"baseurl": "https://x/", "enabled": false},
             "foreign": {"baseurl": "https://elsewhere/", "enabled": true}}
            """));

        await using var connection = await database.DataSource.OpenConnectionAsync();
        var told = await MinionSoftware.FindAsync(await KeyAsync("m1"), connection, CancellationToken.None);
        var difference = RepositoryDifference.Of(
            new ChannelAssignment(pool, ["basesystem15-sp3-pool-x86_64", "server15-sp3-pool-x86_64"]),
            told!.Repositories!, await rig.Get<Catalogues>().ReadAsync(connection, false, CancellationToken.None));

        Assert.DoesNotContain("secret", JsonSerializer.Serialize(told), StringComparison.Ordinal);
        Assert.Equal(["server15-sp3-pool-x86_64"], difference.Missing);
        Assert.Equal(["foreign"], difference.Foreign.Select(one => one.Alias));
    }

    [Fact]
    public async Task What_is_older_than_what_is_kept_changes_nothing()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var minion = await KeyAsync("m1");
        var now = rig.Clock.GetUtcNow();
        await LearnAsync(connection, minion, 4, now);
        await LearnAsync(connection, minion, 3, now.AddHours(-1));
        var told = await MinionSoftware.FindAsync(minion, connection, CancellationToken.None);
        Assert.Equal("15.4", told!.Products!.Single().Version);
    }

    [Fact]
    public async Task Whoever_assigns_channels_learns_what_was_assigned_before()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var (one, two) = (await KeyAsync("m1"), await KeyAsync("m2"));
        var at = rig.Clock.GetUtcNow();
        var first = await Assignments.SetAsync(
            connection, [(one, new ChannelAssignment("b", ["y", "x"])), (two, new ChannelAssignment("b", []))], "t", at,
            CancellationToken.None);
        var second = await Assignments.SetAsync(
            connection, [(two, new ChannelAssignment("c", ["z"])), (one, null)], "t", at, CancellationToken.None);
        var left = await Assignments.ReadAsync(connection, [one.Value, two.Value], CancellationToken.None);

        Assert.All(first.Values, Assert.Null);
        Assert.Equal(["b", "x", "y"], second[one]!.Labels);
        Assert.Equal(["b"], second[two]!.Labels);
        Assert.Equal(["c", "z"], Assert.Single(left).Value.Assigned.Labels);
    }

    private Task<ImportReport> ImportAsync(string text, ImportFormat format) =>
        Imports.ImportAsync(Sle.Read(format, text), "tester", dryRun: false, CancellationToken.None);

    private async Task RefreshAsync(string kind, string function, params (string Minion, string Returned)[] returns)
    {
        var action = await rig.ScheduleAsync(kind);
        await rig.DispatchAsync();
        foreach (var (minion, returned) in returns)
        {
            await rig.ReturnAsync(Salt.Submissions.Last().Jid, minion, returned, 0, function);
        }

        await rig.SettleAsync();
        Assert.Equal(returns.Length, (await rig.ReadAsync(action)).Counts.Completed);
    }

    private static Task LearnAsync(NpgsqlConnection connection, MinionKey minion, int pack, DateTimeOffset at) =>
        MinionSoftware.LearnAsync(
            [(minion, new InstalledSoftware([Sle.Sles15(pack)], null))], at, connection, CancellationToken.None);

    private async Task<MinionKey> KeyAsync(string minion) => new(
        await database.ScalarAsync<long>("select minion_key from minion where minion_id = $1", minion));

    private Task<string?> FingerprintAsync() => database.ScalarAsync<string>("""
        select md5(concat((select string_agg(p::text, ';' order by p::text) from product p),
                          (select string_agg(p::text, ';' order by p::text) from product_channel p),
                          (select string_agg(p::text, ';' order by p::text) from software_channel p)))
        """);

    private static (int Added, int Changed, int Gone) Counts(ImportDifference difference) =>
        (difference.Added, difference.Changed, difference.Gone);
}
