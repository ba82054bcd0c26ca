using System.Text.Json.Nodes;
using Saltern.Simulator.Ledger;
using Xunit;

namespace Saltern.Simulator.Tests;

public sealed class PublishingTests(PrivatePostgres postgres)
{
    [Fact]
    public async Task Returns_of_a_list_target_are_in_salt_returns_as_the_returner_writes_them()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);

        JsonNode answer = await scene.Api.PublishAsync(["m1", "m2", "nosuch"], "test.arg", null, "a", 1);

        string jid = answer["jid"]!.GetValue<string>();
        Assert.Equal(["m1", "m2"], answer["minions"]!.AsArray().Select(name => name!.GetValue<string>()));
        List<JsonObject> rows = await scene.ReturnsAsync(jid, 2);
        JsonObject row = rows.Single(row => (string)row["id"]! == "m1");
        Assert.Equal("test.arg", (string)row["fun"]!);
        Assert.Equal("true", (string)row["success"]!);
        JsonObject full = row["full_ret"]!.AsObject();
        Assert.Equal(
            ["_stamp", "cmd", "fun", "fun_args", "id", "jid", "master_id", "metadata", "retcode", "return", "success",
            "user"],
            full.Select(pair => pair.Key).Order(StringComparer.Ordinal));
        Assert.Equal("[\"a\",1]", full["fun_args"]!.ToJsonString());
        Assert.Equal(7, (int)full["metadata"]!["action_id"]!);
    }

    [Fact]
    public async Task A_jid_that_a_minion_has_seen_is_skipped_silently_until_it_restarts()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        const string Jid = "20260101000000000001_s1";

        await scene.Api.PublishAsync(["m1"], "test.arg", Jid, "first");
        await scene.ReturnsAsync(Jid, 1);
        await scene.Api.PublishAsync(["m1", "m2"], "test.arg", Jid, "second");
        await scene.ReturnsAsync(Jid, 2);
        scene.Master.Restart("m1");
        await StartEventAsync(scene, "m1");
        await scene.Api.PublishAsync(["m1"], "test.arg", Jid, "third");
        await scene.ReturnsAsync(Jid, 3);

        LedgerEntry entry = scene.Master.Ledger.Find(Jid, "m1")!;
        Assert.Equal(2, entry.TimesRun);
        Assert.Equal(1, entry.TimesSkipped);
        Assert.Equal(1, scene.Master.Ledger.Find(Jid, "m2")!.TimesRun);
    }

    [Fact]
    public async Task A_minion_forgets_the_oldest_of_more_than_100_jids()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        await scene.Api.PublishAsync(["m1"], "test.ping", "20260101000000000001");
        for (int number = 1; number <= 99; number++)
        {
            await scene.Api.PublishAsync(["m1"], "test.ping", $"202601020000000{number:D5}");
        }

        await scene.Api.PublishAsync(["m1"], "test.ping", "20260101000000000001");
        Assert.Equal(1, scene.Master.Ledger.Find("20260101000000000001", "m1")!.TimesRun);
        await scene.Api.PublishAsync(["m1"], "test.ping", "20260103000000000001");
        await scene.Api.PublishAsync(["m1"], "test.ping", "20260101000000000001");
        Assert.Equal(2, scene.Master.Ledger.Find("20260101000000000001", "m1")!.TimesRun);
    }

    [Fact]
    public async Task A_minion_that_is_down_is_named_and_never_gets_the_job()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        const string Jid = "20260102000000000001";
        scene.Master.TakeDown("m3");

        JsonNode answer = await scene.Api.PublishAsync(["m2", "m3"], "test.ping", Jid);
        await scene.ReturnsAsync(Jid, 1);
        scene.Master.BringUp("m3");
        await StartEventAsync(scene, "m3");

        Assert.Equal(2, answer["minions"]!.AsArray().Count);
        Assert.Null(scene.Master.Ledger.Find(Jid, "m3"));
        await scene.ReturnsAsync(Jid, 1);
    }

    [Fact]
    public async Task The_load_is_saved_before_publishing_and_overwritten_by_the_return()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        const string Jid = "20260103000000000001";
        scene.Master.TakeDown("m1");

        await scene.Api.PublishAsync(["m1"], "cmd.run", Jid, "sleep 60");
        JsonObject before = (await LoadAsync(scene, Jid)).Single();
        await scene.Api.PublishAsync(["m2"], "cmd.run", Jid, "echo x");
        await scene.ReturnsAsync(Jid, 1);
        JsonObject after = (await LoadAsync(scene, Jid)).Single();

        Assert.Equal("publish", (string)before["cmd"]!);
        Assert.Equal(
            ["arg", "cmd", "fun", "jid", "key", "kwargs", "ret", "tgt", "tgt_type", "timeout", "user"],
            before.Select(pair => pair.Key).Order(StringComparer.Ordinal));
        Assert.Equal("_return", (string)after["cmd"]!);
        Assert.Equal("m2", (string)after["id"]!);
    }

    [Fact]
    public async Task A_list_may_be_a_text_with_commas_and_nobody_is_an_empty_object()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();

        JsonNode some = await scene.Api.RunAsync(Chunk("m1,m3", "list"));
        JsonNode none = await scene.Api.RunAsync(Chunk("nosuch", "list"));
        JsonNode strange = await scene.Api.RunAsync(Chunk("m1", "nosuch"));

        Assert.Equal(2, some["minions"]!.AsArray().Count);
        Assert.Equal("{}", none.ToJsonString());
        Assert.Equal("{}", strange.ToJsonString());
    }

    [Theory]
    [InlineData("*", "glob", 10)]
    [InlineData("m1*", "glob", 2)]
    [InlineData("m[12]$", "pcre", 2)]
    [InlineData("os:SLES", "grain", 5)]
    [InlineData("G@os:SLES and m1*", "compound", 1)]
    [InlineData("G@os:Debian or L@m1,m2", "compound", 3)]
    [InlineData("not G@os_family:Suse", "compound", 3)]
    public async Task Targets_mean_minions(string target, string type, int expected)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync(Scene.Lab with { Minions = 10 });

        JsonNode answer = await scene.Api.RunAsync(Chunk(target, type));

        Assert.Equal(expected, answer["minions"]!.AsArray().Count);
    }

    private static JsonObject Chunk(string target, string type) => new()
    {
        ["client"] = "local_async", ["tgt"] = target, ["tgt_type"] = type, ["fun"] = "test.ping",
    };

    private static Task<List<JsonObject>> LoadAsync(Scene scene, string jid) =>
        scene.QueryAsync("select load::text from salt.jids where jid = $1", jid);

    private static Task StartEventAsync(Scene scene, string minion) => Scene.UntilAsync(async () =>
        (await scene.QueryAsync(
            "select data::text from salt.salt_events where tag = $1", $"salt/minion/{minion}/start")).Count > 0);
}
