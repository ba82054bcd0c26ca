using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Saltern.Rig;
using Saltern.Server.Channels;
using Saltern.Server.Tests.Salt;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Credentials of channels go with the calls and stand nowhere.</summary>
public sealed class ChannelCredentialTests(PostgresServer server) : MigrationGround(server, 2,
    ("Channels:Credentials:0:Prefix", "https://updates.example.com/"), ("Channels:Credentials:0:Username", "lab"),
    ("Channels:Credentials:0:PasswordFile", PasswordFile),
    ("Channels:Credentials:1:Prefix", "https://clones.example.com/"), ("Channels:Credentials:1:Header", "X-Lab"),
    ("Channels:Credentials:1:PasswordEnvironment", Variable))
{
    private const string Variable = "SALTERN_TEST_CHANNEL_TOKEN";

    private static readonly string PasswordFile = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public override async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(PasswordFile, "hunter2-of-channels\n");
        Environment.SetEnvironmentVariable(Variable, "hunter3-of-channels");
        await base.InitializeAsync();
        foreach (var pack in (string[])["3", "5"])
        {
            await rig.Get<ChannelOrders>().CreateCloneAsync(
                new($"own-{pack}", $"basesystem15-sp{pack}-pool-x86_64", "own", $"https://clones.example.com/{pack}/"),
                "tester", CancellationToken.None);
        }

        await database.ExecuteAsync("update minion_channel set child_labels = array['own-3']");
    }

    [Fact]
    public async Task What_cannot_be_read_any_more_counts_as_it_was_when_the_server_started()
    {
        File.Delete(PasswordFile);
        await OrderAsync(""", "dryRun": false""", "m1");
        await rig.DispatchAsync();

        Assert.Equal("hunter2-of-channels", (string?)PillarOf(LastSent)["channels"]![0]!["password"]);
    }

    [Fact]
    public async Task They_are_in_the_pillar_of_a_run_and_of_the_way_back_and_in_no_table_or_log()
    {
        using var heard = new HeardLogs();
        rig.Get<ILoggerFactory>().AddProvider(heard);
        await OrderAsync(""", "dryRun": false""", "m1");
        await rig.DispatchAsync();

        var channels = PillarOf(LastSent)["channels"]!.AsArray();
        Assert.Equal(
            ("lab", "hunter2-of-channels", null),
            ((string?)channels[0]!["username"], (string?)channels[0]!["password"], channels[0]!["headers"]));
        Assert.Equal(
            """
            {"label":"own-5","name":"own-5","url":"https://clones.example.com/5/","gpgcheck":true}
            """,
            Without(channels[1]!, "headers"));
        Assert.Equal("""{"X-Lab":"hunter3-of-channels"}""", channels[1]!["headers"]!.ToJsonString());

        await RunEndsAsync(LastSent, "m1", "failed", changed: false);
        await TurnAsync();
        Assert.Equal("saltern.channels", $"{LastSent.Call.Args[0]}");
        Assert.Equal("hunter2-of-channels", (string?)PillarOf(LastSent)["channels"]![0]!["password"]);
        await ChannelsAreSetAsync("m1");
        await TurnAsync();
        Assert.Equal("Reverted", await StateAsync());

        var everything = await DumpAsync();
        Assert.Contains("https://clones.example.com/5/", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("of-channels", everything, StringComparison.Ordinal);
        Assert.NotEmpty(heard.Lines);
        Assert.DoesNotContain(heard.Lines, line => line.Contains("of-channels", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_changes_counts_at_once_and_one_that_goes_away_as_it_was()
    {
        var credentials = rig.Get<ChannelCredentials>();
        Assert.Equal("hunter2-of-channels", credentials.For("https://updates.example.com/a/")!.Secret);
        await File.WriteAllTextAsync(PasswordFile, "another");
        Assert.Equal("another", credentials.For("https://updates.example.com/a/")!.Secret);
        File.Delete(PasswordFile);
        Assert.Equal("another", credentials.For("https://updates.example.com/a/")!.Secret);
    }

    [Theory]
    [InlineData("https://updates.example.com/a/", true)]
    [InlineData("HTTPS://Updates.Example.com/a/", true)]
    [InlineData("https://updates.example.com.elsewhere.org/a/", false)]
    [InlineData("https://updates.example.com@elsewhere.org/", false)]
    [InlineData("https://clones.example.com/../updates.example.com/", null)]
    [InlineData("http://updates.example.com/a/", false)]
    [InlineData("https://elsewhere.org/?https://updates.example.com/", false)]
    public void They_are_for_addresses_that_begin_so_and_for_no_others(string url, bool? user)
    {
        var found = rig.Get<ChannelCredentials>().For(url);
        Assert.Equal(user is false ? null : user is true ? "lab" : "X-Lab", found?.Username ?? found?.Header);
        Assert.DoesNotContain("of-channels", $"{found}", StringComparison.Ordinal);
    }

    private static string Without(JsonNode channel, string name)
    {
        var copy = channel.DeepClone().AsObject();
        copy.Remove(name);
        return copy.ToJsonString();
    }

    /// <summary>All rows of all of our tables, and of the job cache.</summary>
    private async Task<string> DumpAsync()
    {
        var text = new StringBuilder();
        var tables = await database.ScalarAsync<string[]>("""
            select array_agg(format('%I.%I', schemaname, tablename)) from pg_tables
            where schemaname in ('saltern', 'salt')
            """);
        foreach (var table in tables!)
        {
            text.Append(await database.ScalarAsync<string>($"select string_agg(t::text, E'\n') from {table} t"));
        }

        return text.ToString();
    }
}
