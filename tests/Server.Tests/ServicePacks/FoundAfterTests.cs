using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saltern.Server.Channels;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>What a minion has after a run, against what it should have.</summary>
public sealed class FoundAfterTests
{
    private static readonly ProductCatalogue Catalogue = Sle.Catalogue();
    private static readonly ChannelAssignment Sp3 = new(Sle.Pool(3), ["basesystem15-sp3-pool-x86_64"]);

    private static readonly ChannelAssignment Sp5 = new(
        Sle.Pool(5), ["basesystem15-sp5-pool-x86_64", "sle-product-sles15-sp5-updates-x86_64"]);

    private static readonly InstalledProduct[] Before = [Sle.Sles15(3), Sle.Module("sle-module-basesystem", 3)];
    private static readonly InstalledProduct[] After = [Sle.Sles15(5), Sle.Module("sle-module-basesystem", 5)];

    [Fact]
    public void The_products_to_expect_follow_from_those_of_before_also_where_a_half_done_run_goes_on()
    {
        Assert.Equal("105,205 True", Expected([Before]));
        Assert.Equal("105,205 True", Expected([After, Before]));
        Assert.Equal("105 False", Expected([After]));
        Assert.Equal("105 False", Expected([]));
        Assert.Equal(" False", Expected([], "4711"));
    }

    [Fact]
    public void A_release_or_architecture_that_is_not_told_is_no_difference()
    {
        Assert.Empty(Differences([new("sles", "15.5", null, null, true), After[1]], Sp5.Labels));
        Assert.Equal(
            ["SLES 15.5 x86_64 is not installed", "SLES 15.5 aarch64 is installed besides"],
            Differences([After[0] with { Arch = "aarch64" }, After[1]], Sp5.Labels));
    }

    [Fact]
    public void Repositories_of_others_are_no_matter_unless_they_are_those_of_before_or_were_to_go_off()
    {
        string[] besides = [.. Sp5.Labels, "vendor", "susemanager:" + Sle.Pool(3)];
        Assert.Equal(
            [$"channel {Sle.Pool(3)} of before is still one of its repositories"], Differences(After, besides));
        Assert.Equal(
            ["repository vendor is still on", $"repository susemanager:{Sle.Pool(3)} is still on"],
            Differences(After, besides, foreignOff: true));
        Assert.Equal(
            ["repository saltern:x is none of the assigned channels"],
            Differences(After, [.. Sp5.Labels, "saltern:x"]));
    }

    private static IReadOnlyList<string> Differences(
        IReadOnlyList<InstalledProduct> installed, IEnumerable<string> aliases, bool foreignOff = false) =>
        FoundAfter.Differences(
            Catalogue, ([Catalogue.Find("105")!, Catalogue.Find("205")!], true), Before, installed, Sp3, Sp5,
            [.. aliases.Select(alias => new MinionRepository(alias, null, null, true))], foreignOff);

    private static string Expected(IReadOnlyList<IReadOnlyList<InstalledProduct>> told, string target = "105")
    {
        var kind = new MigrateKind(new ChannelCredentials(
            Options.Create(new ChannelsOptions()), NullLogger<ChannelCredentials>.Instance));
        var order = kind.Order(
            System.Text.Json.JsonElement.Parse($$"""{"target": "{{target}}", "dryRun": false}"""));
        var (products, areAll) = ExpectedProducts.Of(Catalogue, told, Sp3, Sp5, order);
        return $"{string.Join(',', products.Select(product => product.Id))} {areAll}";
    }
}
