using Saltern.Server.Actions;
using Xunit;
using static Saltern.Server.Tests.Actions.KindsUnderTest;

namespace Saltern.Server.Tests.Actions;

/// <summary>What the refreshes of products and repositories read.</summary>
public sealed class KindsSoftwareTests
{
    [Fact]
    public void Products_are_read_as_zypper_tells_them()
    {
        var outcome = Assert.IsType<TargetOutcome.Completed>(Read("products.refresh", """
            [{"name":"sle-module-basesystem","version":"15.4","release":"0","arch":"x86_64","isbase":false,
              "installed":true,"description":"…","eol":"2026-12-31","eol_t":1798675200},
             {"name":"SLES","version":"15.4","release":"0","arch":"x86_64","isbase":true,"installed":true},
             {"name":"Leap","version":"15.5","installed":false}, {"version":"1"}, 7]
            """));
        Assert.Equal("2 products, SLES 15.4 x86_64", outcome.Reason);
        Assert.Equal(["SLES", "sle-module-basesystem"], outcome.Software!.Products!.Select(one => one.Name));
        Assert.Equal("Completed: 0 products, no base product", Told(Read("products.refresh", "[]")));
        Assert.Equal(
            "Failed: the result is no list of products: a dict of 0 keys", Told(Read("products.refresh", "{}")));
        Assert.StartsWith("Failed", Told(Get("products.refresh").Read(
            Json("{}"), Return("\"'pkg.list_products' is not available.\"", 254))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sp1":{"alias":"sp1","baseurl":"file:/REPOS/sp1","enabled":true}}""", "sp1 file:/REPOS/sp1 True")]
    [InlineData("""{"a":{"baseurl":"https://u:p@host:81/x/?t=1","enabled":false}}""", "a https://host:81/x/ False")]
    [InlineData("""{"base":{"baseurl":["http://m/a","http://m/b"],"enabled":"1"}}""", "base http://m/a True")]
    [InlineData("""{"base":{"mirrorlist":"http://m/list?x=1","enabled":"0"}}""", "base http://m/list False")]
    [InlineData("""{"http://deb/debian":[{"uri":"http://deb/debian","disabled":true}]}""",
        "http://deb/debian http://deb/debian False")]
    public void Repositories_are_read_of_each_package_system(string result, string expected)
    {
        var outcome = Assert.IsType<TargetOutcome.Completed>(Read("repositories.refresh", result));
        var repository = Assert.Single(outcome.Software!.Repositories!);
        Assert.Equal(expected, $"{repository.Alias} {repository.Url} {repository.Enabled}");
    }

    private static TargetOutcome Read(string kind, string result) => Get(kind).Read(Json("{}"), Return(result));
}
