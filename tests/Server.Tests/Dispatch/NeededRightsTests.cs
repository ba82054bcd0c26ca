using System.Text.Json;
using System.Text.RegularExpressions;
using Saltern.Server.Dispatch;
using Saltern.Server.Salt;
using Saltern.Server.Tests.Gates;

namespace Saltern.Server.Tests.Dispatch;

public sealed partial class NeededRightsTests
{
    private static readonly string[] All = [.. NeededRights.Always, .. NeededRights.OfKinds];

    [Fact]
    public void The_settings_that_we_ship_list_all_that_is_needed()
    {
        var lines = SourceTree.Read("salt/saltern.conf").Split('\n')
            .SkipWhile(line => !line.StartsWith("external_auth:", StringComparison.Ordinal));
        var (all, client) = (new List<object>(), "");
        foreach (var line in lines.TakeWhile(line => !line.StartsWith("# ---", StringComparison.Ordinal)))
        {
            client = Regex.Match(line, "^ +- '(@[a-z]+)':$") is { Success: true } of ? of.Groups[1].Value : client;
            if (Regex.Match(line, @"^ +- '([^@']+\$)'") is { Success: true } right)
            {
                string[] one = [right.Groups[1].Value];
                all.Add(client.Length == 0 ? one[0] : new Dictionary<string, string[]> { [client] = one });
            }
        }

        var rights = MasterRights.Of(JsonElement.Parse(JsonSerializer.Serialize(all)))!;

        Assert.Empty(NeededRights.Missing(rights, All));
    }

    /// <summary>What nobody thought of here is refused by a master with the settings that we ship.</summary>
    [Fact]
    public void All_that_kinds_call_is_needed()
    {
        var called = SourceTree.CSharp
            .Where(file => Regex.IsMatch(file.Path, "^src/Server/(Actions/Kinds|ServicePacks)/"))
            .SelectMany(file => Calls().Matches(file.Text)).Select(call => call.Groups[1].Value).ToHashSet();

        Assert.Contains("pkg.list_products", called);
        Assert.Contains("saltern_zypper.run_result", called);
        Assert.Empty(called.Except(All));
    }

    [Theory]
    [InlineData("""[".*", "@runner", "@wheel"]""", "")]
    [InlineData("""[".*", {"@runner": ["jobs\\.active$"]}, "@wheel"]""", "")]
    [InlineData("""[".*", "@wheel"]""", "@runner jobs.active")]
    [InlineData("""["(?!saltutil\\.kill).*", "@runner", "@wheel"]""", "saltutil.kill_job")]
    [InlineData("""[{"web*": [".*"]}, {"@runner": [{"jobs.active": {}}]}, {"@wheel": ["key[.]"]}]""", "")]
    public void What_external_auth_lacks_is_named(string perms, string missing) => Assert.Equal(
        missing, string.Join(", ", NeededRights.Missing(MasterRights.Of(JsonElement.Parse(perms))!, All)));

    [Fact]
    public void A_clock_is_off_by_what_lies_outside_of_the_time_between_call_and_return()
    {
        var before = new DateTimeOffset(2026, 11, 22, 6, 0, 0, TimeSpan.Zero);
        var after = before.AddSeconds(1);

        Assert.Equal(TimeSpan.Zero, RoundTrip.ClockOff("2026-11-22T06:00:00.500000", before, after));
        Assert.Equal(TimeSpan.FromSeconds(-60), RoundTrip.ClockOff("2026-11-22T05:59:00.000000", before, after));
        Assert.Equal(TimeSpan.FromSeconds(59), RoundTrip.ClockOff("2026-11-22T06:01:00.000000", before, after));
        Assert.Null(RoundTrip.ClockOff(null, before, after));
    }

    [GeneratedRegex("""(?:\bnew(?: SaltCall)?\(|\bFunction => )"([a-z_]+\.[a-z_]+)[\"]""")]
    private static partial Regex Calls();
}
