using System.Net;
using System.Text.Json.Nodes;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Ledger;
using Xunit;

namespace Saltern.Simulator.Tests;

public sealed class FaultTests(PrivatePostgres postgres)
{
    private const string Jid = "20260101000000000001_s1";

    [Theory]
    [InlineData(FaultNames.Http500BeforePublish, HttpStatusCode.InternalServerError, false)]
    [InlineData(FaultNames.Http500AfterPublish, HttpStatusCode.InternalServerError, true)]
    [InlineData(FaultNames.Http401, HttpStatusCode.Unauthorized, false)]
    [InlineData(FaultNames.Http403, HttpStatusCode.Forbidden, false)]
    [InlineData(FaultNames.Html502, HttpStatusCode.BadGateway, false)]
    public async Task A_request_is_answered_with_an_error(string fault, HttpStatusCode status, bool published)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.Faults.Set(fault, count: 1);

        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(
            () => scene.Api.PublishAsync(["m1"], "test.ping", Jid));

        Assert.Equal(status, error.StatusCode);
        Assert.Equal(published, scene.Master.Ledger.Find(Jid, "m1") is not null);
        await scene.Api.LoginAsync();
        Assert.Equal(Jid, (string)(await scene.Api.PublishAsync(["m1"], "test.ping", Jid))["jid"]!);
    }

    [Fact]
    public async Task A_function_that_external_auth_does_not_list_is_refused_and_the_session_holds()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.Faults.Set(FaultNames.NotPermitted, function: "test.kwarg");

        using HttpResponseMessage refused = await scene.Api.SendAsync("POST", "/", new JsonArray(new JsonObject
        {
            ["client"] = "local_async", ["tgt"] = new JsonArray("m1"), ["tgt_type"] = "list", ["fun"] = "test.kwarg",
            ["jid"] = Jid,
        }));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains(
            "Authorization error occurred.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(scene.Master.Ledger.Find(Jid, "m1"));
        Assert.Equal(Jid, (string)(await scene.Api.PublishAsync(["m1"], "test.ping", Jid))["jid"]!);
    }

    [Theory]
    [InlineData(FaultNames.AnswerThenDrop, true)]
    [InlineData(FaultNames.DropBeforePublish, false)]
    public async Task A_connection_is_cut_without_an_answer(string fault, bool published)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.Faults.Set(fault, count: 1);

        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(
            () => scene.Api.PublishAsync(["m1"], "test.ping", Jid));

        Assert.Null(error.StatusCode);
        Assert.Equal(published, scene.Master.Ledger.Find(Jid, "m1") is not null);
    }

    [Theory]
    [InlineData(FaultNames.Hang, "/")]
    [InlineData(FaultNames.LoginHang, "/login")]
    [InlineData(FaultNames.MasterDown, "/login")]
    public async Task A_request_is_never_answered(string fault, string path)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.Faults.Set(fault);

        Task<HttpResponseMessage> request = scene.Api.SendAsync("POST", path, new JsonArray());
        Task first = await Task.WhenAny(request, Task.Delay(TimeSpan.FromMilliseconds(400), TimeProvider.System));

        Assert.NotSame(request, first);
        await scene.Master.DisposeAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => request);
    }

    [Fact]
    public async Task A_closed_port_refuses_and_the_sessions_are_gone_when_it_opens()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        Uri address = scene.Master.Api;
        scene.Master.Faults.Set(FaultNames.RefuseConnection);
        await scene.Master.SwitchedAsync();

        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(
            () => scene.Api.SendAsync("GET", "/"));
        scene.Master.Faults.Clear(FaultNames.RefuseConnection);
        await scene.Master.SwitchedAsync();
        using HttpResponseMessage answer = await scene.Api.SendAsync("POST", "/", new JsonArray());

        Assert.Equal(HttpRequestError.ConnectionError, refused.HttpRequestError);
        Assert.Equal(address, scene.Master.Api);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Returns_come_twice_late_never_or_get_lost()
    {
        await using Scene scene = await Scene.OpenAsync(postgres, Scene.Lab with { Minions = 5 });
        scene.Master.Faults.Set(FaultNames.ReturnTwice, minion: "m1");
        scene.Master.Faults.Set(FaultNames.ReturnLate, seconds: 0.5, minion: "m2");
        scene.Master.Faults.Set(FaultNames.NeverReturn, minion: "m3");
        scene.Master.Faults.Set(FaultNames.LoseReturns, minion: "m4");

        await scene.Api.PublishAsync(["m1", "m2", "m3", "m4", "m5"], "test.ping", Jid);
        List<JsonObject> rows = await scene.ReturnsAsync(Jid, 4);

        Assert.Equal(["m1", "m1", "m2", "m5"], rows.Select(row => (string)row["id"]!).Order());
        IEnumerable<JsonObject> twice = rows.Where(row => (string)row["id"]! == "m1");
        Assert.Equal(2, twice.Select(row => (string)row["full_ret"]!["_stamp"]!).Distinct().Count());
        Assert.Equal("m2", (string)rows[^1]["id"]!);
        LedgerEntry never = scene.Master.Ledger.Find(Jid, "m3")!;
        LedgerEntry lost = scene.Master.Ledger.Find(Jid, "m4")!;
        Assert.Equal((1, 0, 0), (never.TimesRun, never.ReturnsSent, never.ReturnsStored));
        Assert.Equal((1, 1, 0), (lost.TimesRun, lost.ReturnsSent, lost.ReturnsStored));
        JsonNode cached = await scene.Api.RunAsync(new JsonObject
        {
            ["client"] = "local", ["tgt"] = "m4", ["fun"] = "saltutil.find_cached_job", ["arg"] = new JsonArray(Jid),
        });
        Assert.Equal("test.ping", (string)cached["m4"]!["fun"]!);
    }

    [Fact]
    public async Task A_client_that_gives_up_does_not_stop_the_publication()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.Faults.Set(FaultNames.SlowPublish, seconds: 0.5);

        Task<JsonNode> request = scene.Api.PublishAsync(["m1"], "test.ping", Jid);
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        scene.Api.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(() => request);
        await Scene.UntilAsync(() => scene.Master.Ledger.Find(Jid, "m1") is { ReturnsStored: 1 });
    }

    [Fact]
    public async Task Pages_that_are_a_call_in_disguise_know_that_the_master_is_down()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.Faults.Set(FaultNames.MasterDown, seconds: 0.1);

        using HttpResponseMessage keys = await scene.Api.SendAsync("GET", "/keys");
        using HttpResponseMessage welcome = await scene.Api.SendAsync("GET", "/");

        Assert.Equal(HttpStatusCode.InternalServerError, keys.StatusCode);
        Assert.Equal(HttpStatusCode.OK, welcome.StatusCode);
    }

    [Fact]
    public async Task A_writer_commits_late()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        scene.Master.Faults.Set(FaultNames.CommitLate, seconds: 1, count: 1);

        await scene.Api.PublishAsync(["m1"], "test.ping", Jid);
        await Scene.UntilAsync(() => scene.Master.Ledger.Find(Jid, "m1")!.ReturnsSent == 1);
        List<JsonObject> early = await scene.ReturnsAsync(Jid, 0);
        await scene.ReturnsAsync(Jid, 1);

        Assert.Empty(early);
    }

    [Fact]
    public async Task Odd_bodies_big_ones_and_nul_characters_reach_salt_returns()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        scene.Master.Faults.Set(FaultNames.ReturnGarbage, minion: "m1");
        scene.Master.Faults.Set(new Fault { Name = FaultNames.BigOutput, Minion = "m2", Bytes = 3_000_000 });
        scene.Master.Faults.Set(FaultNames.NulInOutput, minion: "m3");

        for (int job = 0; job < 7; job++)
        {
            await scene.Api.PublishAsync(["m1"], "test.ping", $"2026010100000000010{job}");
            await scene.ReturnsAsync($"2026010100000000010{job}", 1);
        }

        await scene.Api.PublishAsync(["m2", "m3"], "test.ping", Jid);
        List<JsonObject> rows = await scene.ReturnsAsync(Jid, 2);

        Assert.Contains(rows, row => ((string)row["return"]!).Length == 3_000_002);
        Assert.Contains(rows, row => ((string)row["return"]!).Contains("\\u0000", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Minions_restart_in_the_middle_of_a_job_or_are_down_for_as_long_as_the_fault_is_set()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        scene.Master.Faults.Set(FaultNames.MinionRestart, count: 1, minion: "m1");
        scene.Master.Faults.Set(FaultNames.MinionDown, minion: "m2");

        await scene.Api.PublishAsync(["m1", "m2", "m3"], "test.ping", Jid);
        await scene.ReturnsAsync(Jid, 1);
        await StartEventsAsync(scene, 1);
        scene.Master.Faults.Clear(FaultNames.MinionDown);
        await StartEventsAsync(scene, 2);
        await scene.Api.PublishAsync(["m1", "m2", "m3"], "test.ping", Jid);
        await scene.ReturnsAsync(Jid, 3);

        Assert.Equal(2, scene.Master.Ledger.Find(Jid, "m1")!.TimesRun);
        Assert.Equal(1, scene.Master.Ledger.Find(Jid, "m2")!.TimesRun);
        Assert.Equal(1, scene.Master.Ledger.Find(Jid, "m3")!.TimesSkipped);
    }

    [Fact]
    public async Task The_same_seed_fails_the_same_minions()
    {
        string[] first = await FailingAsync(seed: 5);
        string[] second = await FailingAsync(seed: 5);
        string[] other = await FailingAsync(seed: 6);

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
        Assert.InRange(first.Length, 20, 80);
    }

    [Fact]
    public async Task A_list_of_too_many_names_is_published_three_times_and_answered_500()
    {
        await using Scene scene = await Scene.OpenAsync(
            postgres, Scene.Lab with { LongestTargetList = 4 }, new HastyClock(20));
        string[] names = ["m1", "a", "b", "c", "d"];

        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(
            () => scene.Api.PublishAsync(names, "test.ping"));
        await Assert.ThrowsAsync<HttpRequestException>(() => scene.Api.PublishAsync(names, "test.ping", Jid));

        Assert.Equal(HttpStatusCode.InternalServerError, error.StatusCode);
        Assert.Equal(4, scene.Master.Ledger.Jobs().Count);
        Assert.Equal(1, scene.Master.Ledger.Find(Jid, "m1")!.TimesRun);
    }

    [Fact]
    public void A_fault_that_does_not_exist_is_refused()
    {
        FaultBoard board = new(1);

        ArgumentException error = Assert.Throws<ArgumentException>(() => board.Set("no-such-fault"));

        Assert.Contains(FaultNames.CommitLate, error.Message, StringComparison.Ordinal);
    }

    private static async Task<string[]> FailingAsync(ulong seed)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync(Scene.Lab with { Minions = 200, Seed = seed });
        scene.Master.Faults.Set(new Fault { Name = FaultNames.JobFails, Probability = 0.25 });
        await scene.Api.RunAsync(new JsonObject
        {
            ["client"] = "local", ["tgt"] = "*", ["fun"] = "state.apply", ["arg"] = new JsonArray("ok"), ["jid"] = Jid,
        });
        return
        [
            .. scene.Master.Ledger.OfJob(Jid).Where(entry => entry.Retcode == 2)
                .Select(entry => entry.MinionId).Order(),
        ];
    }

    private static Task StartEventsAsync(Scene scene, int expected) => Scene.UntilAsync(async () =>
        (await scene.QueryAsync("select data::text from salt.salt_events where tag like '%/start'")).Count == expected);
}
