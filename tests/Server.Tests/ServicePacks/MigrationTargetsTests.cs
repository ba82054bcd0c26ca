using Saltern.Server.Channels;
using Saltern.Server.ServicePacks;
using Xunit;
using static Saltern.Server.Tests.ServicePacks.Sle;

namespace Saltern.Server.Tests.ServicePacks;

public sealed class MigrationTargetsTests
{
    private static readonly InstalledProduct[] Usual =
        [Sles15(3), Module("sle-module-basesystem", 3), Module("sle-module-server-applications", 3)];

    [Fact]
    public void Service_packs_are_skipped_where_the_list_says_so_and_the_newest_comes_first()
    {
        Assert.Equal(["15.5", "15.4"], Versions(Catalogue(), Usual));
        Assert.Equal(["15.6"], Versions(
            Catalogue(), [Sles15(5), Module("sle-module-basesystem", 5)]));
    }

    [Fact]
    public void A_target_has_the_channels_of_its_products_the_base_channel_first()
    {
        var target = MigrationTargets.For(Catalogue(), Usual, null).Targets[0];

        Assert.Empty(target.WhyNot);
        Assert.Equal(
            [Pool(5), "basesystem15-sp5-pool-x86_64", "server15-sp5-pool-x86_64",
                "sle-product-sles15-sp5-updates-x86_64"],
            target.Channels.Where(channel => channel.Mandatory).Select(channel => channel.Label));
        Assert.True(target.Channels[0].IsBase);
        Assert.Equal(
            ["sle-product-sles15-sp5-debuginfo-x86_64"],
            target.Channels.Where(channel => !channel.Mandatory).Select(channel => channel.Label));
    }

    [Fact]
    public void The_channels_of_a_choice_are_the_mandatory_ones_and_those_named()
    {
        var target = MigrationTargets.For(Catalogue(), Usual, null).Targets[0];

        var (plain, _) = target.ChannelsWith([]);
        var (more, _) = target.ChannelsWith(["sle-product-sles15-sp5-debuginfo-x86_64"]);
        var (none, problem) = target.ChannelsWith(["no-such-channel"]);

        Assert.Equal((Pool(5), 3), (plain!.BaseLabel, plain.ChildLabels.Count));
        Assert.Equal(4, more!.ChildLabels.Count);
        Assert.Null(none);
        Assert.Contains("no-such-channel", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_extension_without_a_successor_stands_against_a_target_until_it_may_be_removed()
    {
        var targets = MigrationTargets.For(Catalogue(), [.. Usual, Module("sle-we", 3)], null).Targets;

        Assert.Equal(["sle-we 15 SP3 x86_64"], targets[0].WithoutSuccessor);
        Assert.Equal(WhyNotCode.ExtensionWithoutSuccessor, Assert.Single(targets[0].Against(false)).Code);
        Assert.Empty(targets[0].Against(true));
        Assert.Empty(targets[1].WhyNot);
        Assert.Equal("15.4", targets[1].Extensions.Single(move => move.From.Name == "sle-we").To.Version);
    }

    [Fact]
    public void A_product_that_no_list_knows_counts_as_an_extension_without_a_successor()
    {
        var target = MigrationTargets.For(Catalogue(), [.. Usual, Module("own-tools", 3)], null).Targets[0];
        Assert.Equal(["own-tools 15.3 x86_64"], target.WithoutSuccessor);
    }

    [Fact]
    public void An_extension_that_runs_on_the_next_base_product_may_stay_as_it_is()
    {
        var catalogue = Catalogue(rows => rows with
        {
            Products = [.. rows.Products, new("900", "hub", "15.3", null, "x86_64", ProductKind.Extension, "Hub",
                Product.Released)],
            Extensions = [.. rows.Extensions, new("900", "103", "103", false), new("900", "105", "105", false)],
        });

        var targets = MigrationTargets.For(catalogue, [.. Usual, Module("hub", 3)], null).Targets;

        Assert.Empty(targets[0].WhyNot);
        Assert.Equal(["Hub"], targets[1].WithoutSuccessor);
    }

    [Fact]
    public void An_extension_whose_parent_does_not_come_along_is_told()
    {
        var target = MigrationTargets.For(
            Catalogue(), [Sles15(3), Module("sle-module-server-applications", 3)], null).Targets[0];
        var reason = Assert.Single(target.WhyNot);
        Assert.Equal(WhyNotCode.ProductNeeded, reason.Code);
        Assert.Contains("sle-module-basesystem 15 SP5", reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_choice_of_successors_is_a_target()
    {
        var catalogue = Catalogue(rows => rows with
        {
            Extensions = [.. rows.Extensions, new("204", "105", "105", false)],
            Successors = [.. rows.Successors],
        });
        var onSp5 = MigrationTargets.For(catalogue, [Sles15(3), Module("sle-module-basesystem", 3)], null).Targets
            .Where(target => target.Base.Version == "15.5")
            .Select(target => target.Extensions[0].To.Version);
        Assert.Equal(["15.5", "15.4"], onSp5);
    }

    [Fact]
    public void A_mandatory_channel_that_is_missing_or_unreachable_is_named()
    {
        var gone = Catalogue(rows => rows with
        {
            Channels = [.. rows.Channels.Where(channel => channel.Label != "basesystem15-sp5-pool-x86_64")],
            Availability =
            [
                ("https://updates.example.com/server15-sp5-pool-x86_64/",
                    new ChannelAvailability(false, "it was answered with 500", null)),
                ("https://updates.example.com/sle-product-sles15-sp5-debuginfo-x86_64/",
                    new ChannelAvailability(false, "optional ones do not count", null)),
            ],
        });

        var target = MigrationTargets.For(gone, Usual, null).Targets[0];

        Assert.Equal(
            [(WhyNotCode.ChannelMissing, "basesystem15-sp5-pool-x86_64"),
                (WhyNotCode.ChannelUnreachable, "server15-sp5-pool-x86_64")],
            target.WhyNot.Select(reason => (reason.Code, reason.Subject!)));
        Assert.Null(target.ChannelsWith([]).Channels);
    }

    [Fact]
    public void Mirrors_serve_channels_and_what_they_answer_counts()
    {
        var catalogue = Catalogue(rows => rows with
        {
            Mirrors = [new("https://updates.example.com/", "https://rmt/"),
                new("https://updates.example.com/server15", "https://other/server15")],
            Availability = [("https://other/server15-sp5-pool-x86_64/", new(false, "no answer", null))],
        });

        var target = MigrationTargets.For(catalogue, Usual, null).Targets[0];

        Assert.Equal($"https://rmt/{Pool(5)}/", target.Channels[0].Url);
        Assert.Equal("server15-sp5-pool-x86_64", Assert.Single(target.WhyNot).Subject);
    }

    [Fact]
    public void Choices_of_extensions_that_are_not_looked_at_are_named()
    {
        // Six extensions that can each be two things on Service Pack 5: 64 choices.
        var numbers = Enumerable.Range(0, 6).ToList();
        InstalledProduct[] installed = [Sles15(3), .. numbers.Select(n => Module($"extra{n}", 3))];
        static Product Extra(int n, int pack) => new(
            $"{n}-{pack}", $"extra{n}", $"15.{pack}", null, "x86_64", ProductKind.Extension, $"extra{n} {pack}",
            Product.Released);
        var catalogue = Catalogue(rows => rows with
        {
            Products = [.. rows.Products, .. numbers.Select(n => Extra(n, 3)), .. numbers.Select(n => Extra(n, 5))],
            Successors =
                [.. rows.Successors, .. numbers.Select(n => new ProductSuccessor($"{n}-3", $"{n}-5", true))],
            Extensions =
            [
                .. rows.Extensions, .. numbers.Select(n => new ProductExtension($"{n}-3", "105", "105", false)),
                .. numbers.Select(n => new ProductExtension($"{n}-5", "105", "105", false)),
            ],
        });

        var targets = MigrationTargets.For(catalogue, installed, null);

        Assert.Equal(32, targets.Targets.Count(target => target.Base.Id == "105"));
        Assert.Equal(["105"], targets.ChoicesLeftOut.Select(to => to.Id));
        Assert.Equal(32, MigrationTargets.For(catalogue, installed, null, towards: "105").Targets.Count);
        Assert.Empty(MigrationTargets.For(Catalogue(), Usual, null).ChoicesLeftOut);
    }

    [Fact]
    public void A_minion_with_clones_gets_the_clones_of_the_same_family()
    {
        ChannelClone Clone(string original, string family) =>
            new($"{family}-{original}", original, family, $"https://clones/{family}/{original}/");
        var catalogue = Catalogue(rows => rows with
        {
            Clones =
            [
                Clone(Pool(3), "prod"), Clone(Pool(5), "prod"), Clone(Pool(5), "test"),
                Clone("sle-product-sles15-sp5-updates-x86_64", "prod"), Clone("basesystem15-sp5-pool-x86_64", "prod"),
            ],
        });
        var assigned = new ChannelAssignment($"prod-{Pool(3)}", ["server15-sp3-pool-x86_64", "own-tools"]);

        var found = MigrationTargets.For(catalogue, Usual, assigned);

        var channels = found.Targets[0].Channels.ToDictionary(channel => channel.Original);
        Assert.Equal($"prod-{Pool(5)}", channels[Pool(5)].Label);
        Assert.True(channels[Pool(5)].IsBase);
        // Basesystem has no channel on record: it follows the base channel. Server Applications has the original.
        Assert.Equal("prod-basesystem15-sp5-pool-x86_64", channels["basesystem15-sp5-pool-x86_64"].Label);
        Assert.Equal("server15-sp5-pool-x86_64", channels["server15-sp5-pool-x86_64"].Label);
        Assert.Empty(found.Targets[0].WhyNot);
        Assert.Equal(["own-tools"], found.OtherChannels);

        // Service Pack 4 was not cloned: each channel that lacks is named.
        Assert.Equal(
            [Pool(4), "basesystem15-sp4-pool-x86_64", "sle-product-sles15-sp4-updates-x86_64"],
            found.Targets[1].WhyNot.Where(reason => reason.Code is WhyNotCode.CloneMissing)
                .Select(reason => reason.Subject).Order(StringComparer.Ordinal).OrderBy(one => one != Pool(4)));
    }

    [Fact]
    public void A_minion_without_a_target_has_a_reason()
    {
        Assert.Equal(WhyNotCode.ProductsNeverRead, Reason(Catalogue(), null));
        Assert.Equal(WhyNotCode.NoBaseProduct, Reason(Catalogue(), [Module("sle-we", 3)]));
        Assert.Equal(WhyNotCode.BaseProductUnknown, Reason(Catalogue(), [Sles15(9)]));
        Assert.Equal(WhyNotCode.NoSuccessor, Reason(Catalogue(), [Sles15(6)]));
        Assert.Equal(WhyNotCode.OnlyOffline, Reason(
            Catalogue(rows => rows with { Successors = [new("103", "106", false)] }), [Sles15(3)]));
        Assert.Equal(WhyNotCode.NotReleased, Reason(
            Catalogue(rows => rows with
            {
                Products = [.. rows.Products.Select(
                    one => one.Id == "106" ? one with { Stage = "beta" } : one)],
            }),
            [Sles15(5)]));
    }

    [Fact]
    public void A_base_product_without_channels_is_told()
    {
        var catalogue = Catalogue(rows => rows with { ProductChannels = [] });
        var target = MigrationTargets.For(catalogue, Usual, null).Targets[0];
        Assert.Equal(WhyNotCode.NoChannels, Assert.Single(target.WhyNot).Code);
        Assert.Null(target.ChannelsWith([]).Channels);
    }

    private static WhyNotCode Reason(ProductCatalogue catalogue, InstalledProduct[]? installed)
    {
        var found = MigrationTargets.For(catalogue, installed, null);
        Assert.Empty(found.Targets);
        return Assert.Single(found.WhyNot).Code;
    }

    private static IEnumerable<string> Versions(ProductCatalogue catalogue, InstalledProduct[] installed) =>
        MigrationTargets.For(catalogue, installed, null).Targets.Select(target => target.Base.Version);
}
