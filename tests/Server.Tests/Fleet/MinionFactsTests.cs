using System.Text.Json;
using Saltern.Rig;
using Saltern.Server.Fleet;

namespace Saltern.Server.Tests.Fleet;

public sealed class MinionFactsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DateTimeOffset Now = FleetUnderTest.Start;
    private readonly FleetUnderTest _fleet = new(database);

    [Fact]
    public async Task Grains_are_kept_whole_and_the_usual_ones_in_columns()
    {
        var key = await database.AddMinionAsync("whole");

        Assert.True(await LearnAsync(key, """
            {"os":"SLES","osrelease":15.6,"os_family":"Suse","kernelrelease":"6.4.0","cpuarch":"x86_64",
             "saltversion":"3006.0","ipv4":["10.0.0.1","127.0.0.1","nonsense"],"ipv6":["::1","fe80::1"],
             "deep":{"a":[1,{"b":null}]}}
            """, Now));

        var detail = await DetailAsync(key);
        Assert.Equal(("SLES", "15.6", "3006.0"), (detail.Row.Os, detail.Row.OsRelease, detail.Row.SaltVersion));
        Assert.Equal(("Suse", "6.4.0", "x86_64"), (detail.OsFamily, detail.KernelRelease, detail.CpuArch));
        Assert.Equal(["10.0.0.1", "fe80::1"], detail.IpAddresses);
        Assert.Equal(Now, detail.RefreshedAt);
        using var grains = JsonDocument.Parse(detail.Grains);
        var list = grains.RootElement.GetProperty("deep").GetProperty("a");
        Assert.Equal(JsonValueKind.Null, list[1].GetProperty("b").ValueKind);
    }

    [Fact]
    public async Task Older_grains_change_nothing_and_of_two_at_once_the_newer_count()
    {
        var key = await database.AddMinionAsync("older");
        await LearnAsync(key, """{"os":"new"}""", Now);
        Assert.False(await LearnAsync(key, """{"os":"old"}""", Now.AddSeconds(-1)));
        Assert.Equal("new", (await DetailAsync(key)).Row.Os);

        var written = await _fleet.Facts.LearnAsync(
            [
                (key, Parse("""{"os":"2"}"""), Now.AddSeconds(2)), (key, Parse("""{"os":"1"}"""), Now.AddSeconds(1)),
                (new MinionKey(-1), Parse("{}"), Now),
            ],
            CancellationToken.None);

        Assert.Equal(1, written);
        Assert.Equal("2", (await DetailAsync(key)).Row.Os);
    }

    [Theory]
    [InlineData("""{"a":"x\u0000y"}""", """{"a": "xy"}""")]
    [InlineData("""{"a\u0000":1}""", """{"a": 1}""")]
    [InlineData("""{"a":"\ud800"}""", """{"a": "�"}""")]
    [InlineData("""{"a":"\udc00\ud83d\ude00\\u0000"}""", """{"a": "�😀\\u0000"}""")]
    [InlineData("""{"a":1e999999,"b":1.50}""", """{"a": "1e999999", "b": 1.50}""")]
    [InlineData("""{"a":{"c":["\u0000"]}}""", """{"a": {"c": [""]}}""")]
    public async Task What_jsonb_refuses_is_made_storable(string sent, string stored)
    {
        var key = await database.AddMinionAsync($"odd-{sent.GetHashCode(StringComparison.Ordinal)}");

        Assert.True(await LearnAsync(key, sent, Now));

        Assert.Equal(stored, (await DetailAsync(key)).Grains);
    }

    [Fact]
    public async Task Monsters_are_left_out_and_the_rest_is_kept()
    {
        var key = await database.AddMinionAsync("monster");
        var list = $"[{string.Join(',', Enumerable.Repeat("\"0123456789\"", 40_000))}]";
        var text = new string('x', 100_000);

        Assert.True(await LearnAsync(key, $$"""{"os":"SLES","huge":{{list}},"long":"{{text}}"}""", Now));

        using var grains = JsonDocument.Parse((await DetailAsync(key)).Grains);
        Assert.Equal(["long", "os"], grains.RootElement.EnumerateObject().Select(grain => grain.Name).Order());
        Assert.Equal(GrainsText.LongestString, grains.RootElement.GetProperty("long").GetString()!.Length);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"Minion did not return\"")]
    [InlineData("null")]
    public async Task What_is_no_object_changes_nothing(string sent)
    {
        var key = await database.AddMinionAsync($"none-{sent.Length}", """{"os":"SLES"}""");

        Assert.False(await LearnAsync(key, sent, Now));

        Assert.Equal("SLES", (await DetailAsync(key)).Row.Os);
    }

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private Task<bool> LearnAsync(MinionKey key, string grains, DateTimeOffset at) =>
        _fleet.Facts.LearnAsync(key, Parse(grains), at, CancellationToken.None);

    private async Task<MinionDetail> DetailAsync(MinionKey key) =>
        (await _fleet.Lists.FindAsync(key, CancellationToken.None))!;
}
