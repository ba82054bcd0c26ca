using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Saltern.Simulator.Keys;
using Xunit;

namespace Saltern.Simulator.Tests;

public sealed class MasterTests(PrivatePostgres postgres)
{
    [Fact]
    public async Task Keys_are_listed_accepted_rejected_fingerprinted_and_deleted()
    {
        await using Scene scene = await Scene.OpenAsync(postgres, Scene.Lab with { PendingMinions = 2 });

        JsonNode accepted = await WheelAsync(scene, "key.accept", "m4");
        JsonNode rejected = await WheelAsync(scene, "key.reject", "m5");
        JsonNode fingers = await WheelAsync(scene, "key.finger", "m*");
        JsonNode deleted = await WheelAsync(scene, "key.delete", "m1");
        JsonNode all = await WheelAsync(scene, "key.list_all", null);
        JsonNode named = await WheelAsync(scene, "key.name_match", "m3,m5");
        JsonNode answer = await scene.Api.PublishAsync(["m1", "m4", "m5"], "test.ping");

        Assert.Equal("""{"minions":["m4"]}""", accepted.ToJsonString());
        Assert.Equal("""{"minions_rejected":["m5"]}""", rejected.ToJsonString());
        Assert.Matches("^([0-9a-f]{2}:){31}[0-9a-f]{2}$", (string)fingers["minions"]!["m1"]!);
        Assert.Equal("{}", deleted.ToJsonString());
        Assert.Equal(
            """{"minions":["m2","m3","m4"],"minions_pre":[],"minions_rejected":["m5"],"minions_denied":[],"""
            + "\"local\":[\"master.pem\",\"master.pub\"]}",
            all.ToJsonString());
        Assert.Equal("""{"minions":["m3"],"minions_rejected":["m5"]}""", named.ToJsonString());
        Assert.Equal("""["m4"]""", answer["minions"]!.ToJsonString());
        await Scene.UntilAsync(async () =>
            (await scene.QueryAsync(
                "select data::text from salt.salt_events where tag = 'salt/minion/m4/start'")).Count == 1);
    }

    [Fact]
    public async Task A_file_cache_is_reached_by_the_jobs_runner_alone_and_keeps_target_and_arguments()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.TakeDown("m2");
        string jid = (string)(await scene.Api.PublishAsync(["m1", "m2"], "cmd.run", null, "echo x"))["jid"]!;
        await Scene.UntilAsync(() => scene.Master.Counts.ReturnsStored >= 1);

        JsonNode looked = await RunnerAsync(
            scene, "jobs.lookup_jid", new JsonObject { ["jid"] = jid, ["missing"] = true });
        JsonNode listed = await RunnerAsync(scene, "jobs.list_job", new JsonObject { ["jid"] = jid });
        JsonNode success = await RunnerAsync(scene, "jobs.exit_success", new JsonObject { ["jid"] = jid });

        Assert.Equal("""{"m1":"x","m2":"Minion did not return"}""", looked.ToJsonString());
        Assert.Equal("""["echo x"]""", listed["Arguments"]!.ToJsonString());
        Assert.Equal("""["m1","m2"]""", listed["Minions"]!.ToJsonString());
        Assert.Equal("""{"m1":true,"m2":false}""", success.ToJsonString());
    }

    [Fact]
    public async Task A_runners_answer_of_more_than_a_megabyte_loses_its_longest_texts_and_keeps_return_codes()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        string jid = (string)(await scene.Api.PublishAsync(
            ["m1", "m2"], "test.echo", null, new string('x', 600_000)))["jid"]!;
        await Scene.UntilAsync(() => scene.Master.Counts.ReturnsStored >= 2);

        JsonNode listed = await RunnerAsync(scene, "jobs.list_job", new JsonObject { ["jid"] = jid });

        Assert.Equal("VALUE_TRIMMED", (string?)listed["Result"]!["m1"]!["return"]);
        Assert.Equal(0, (int)listed["Result"]!["m2"]!["retcode"]!);
        Assert.Equal("test.echo", (string?)listed["Function"]);
    }

    [Fact]
    public async Task A_look_up_of_a_state_run_names_its_outputter()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        string jid = (string)(await scene.Api.PublishAsync(["m1"], "state.apply", null, "ok"))["jid"]!;
        await scene.ReturnsAsync(jid, 1);

        JsonNode looked = await RunnerAsync(scene, "jobs.lookup_jid", new JsonObject { ["jid"] = jid });

        Assert.Equal("highstate", (string)looked["outputter"]!);
        Assert.Single(looked["data"]!["m1"]!.AsObject());
    }

    [Fact]
    public async Task A_jid_without_a_month_breaks_list_jobs_as_it_does_with_salt()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);
        await scene.Api.PublishAsync(["m1"], "test.ping", "99999999999999999999");

        JsonNode listed = await RunnerAsync(scene, "jobs.list_jobs", []);

        Assert.StartsWith(
            "Exception occurred in runner jobs.list_jobs: Traceback", (string)listed!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runner_and_wheel_jobs_leave_rows_under_the_masters_id()
    {
        await using Scene scene = await Scene.OpenAsync(postgres);

        await RunnerAsync(scene, "manage.up", []);
        await WheelAsync(scene, "key.list_all", null);

        await Scene.UntilAsync(async () => (await scene.QueryAsync(
            """
            select json_build_object('fun', fun)::text from salt.salt_returns
            where id = 'master1' and success = 'false' and fun in ('runner.manage.up', 'wheel.key.list_all')
            """)).Count == 2);
    }

    [Fact]
    public async Task Events_are_streamed_with_tag_and_data()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        using HttpResponseMessage response = await scene.Api.SendAsync("GET", "/events");
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        Assert.Equal("retry: 400", await reader.ReadLineAsync());

        string jid = (string)(await scene.Api.PublishAsync(["m1"], "test.ping"))["jid"]!;
        List<string> lines = [];
        while (lines.Count == 0 || !lines[^1].StartsWith($"tag: salt/job/{jid}/ret/m1", StringComparison.Ordinal))
        {
            lines.Add((await reader.ReadLineAsync())!);
        }

        string data = (await reader.ReadLineAsync())!;
        Assert.Equal("text/event-stream;charset=utf-8", ApiClient.TypeOf(response));
        Assert.Contains($"tag: {jid}", lines);
        Assert.Contains($"tag: salt/job/{jid}/new", lines);
        Assert.True((bool)JsonNode.Parse(data["data: ".Length..])!["data"]!["return"]!);
    }

    [Fact]
    public async Task Two_masters_return_into_one_database_each_under_its_own_name()
    {
        string database = await postgres.CreateDatabaseAsync();
        SimulatorOptions options = Scene.Lab with { Database = database };
        await using SimulatedMaster one = new(options with { Name = "one", Minions = 2 }, TimeProvider.System);
        await using SimulatedMaster two = new(
            options with { Name = "two", Minions = 2, FirstNumber = 3 }, TimeProvider.System);
        const string Jid = "20260111000000000001";
        foreach (SimulatedMaster master in (SimulatedMaster[])[one, two])
        {
            await master.StartAsync(CancellationToken.None);
            using ApiClient client = new(master.Api);
            await client.LoginAsync();
            await client.PublishAsync(["m1", "m2", "m3", "m4"], "test.ping", Jid);
        }

        Assert.Equal(["m1", "m2"], one.Minions);
        Assert.Equal(["m3", "m4"], two.Minions);
        await Scene.UntilAsync(() => one.Counts.ReturnsStored == 2 && two.Counts.ReturnsStored == 2);
        Assert.Equal(["m3", "m4"], two.Ledger.OfJob(Jid).Select(entry => entry.MinionId));
    }

    [Fact]
    public async Task The_control_port_sets_faults_moves_minions_and_shows_the_ledger()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        using HttpClient control = new() { BaseAddress = scene.Master.Control };

        using HttpResponseMessage set = await control.PutAsJsonAsync(
            "/faults/never-return", new { minion = "m1", count = 1 });
        using HttpResponseMessage wrong = await control.PutAsync("/faults/nosuch", null);
        using HttpResponseMessage odd = await control.PutAsJsonAsync("/faults/hang", new { sceonds = 1 });
        using HttpResponseMessage down = await control.PostAsync("/minions/m2/down", null);
        JsonNode faults = (await control.GetFromJsonAsync<JsonNode>("/faults"))!;
        JsonNode added = (await (await control.PostAsJsonAsync("/minions", new { count = 2, key = "pending" }))
            .Content.ReadFromJsonAsync<JsonNode>())!;
        await scene.Api.PublishAsync(["m1", "m2", "m3"], "test.ping", "20260101000000000001");
        await Scene.UntilAsync(() => scene.Master.Counts.ReturnsStored == 1);
        JsonNode page = (await control.GetFromJsonAsync<JsonNode>("/ledger?from=0&limit=1"))!;
        JsonNode rest = (await control.GetFromJsonAsync<JsonNode>($"/ledger?from={page["next"]}&limit=5"))!;
        JsonNode minions = (await control.GetFromJsonAsync<JsonNode>("/minions"))!;
        JsonNode stats = (await control.GetFromJsonAsync<JsonNode>("/stats"))!;

        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, odd.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, down.StatusCode);
        Assert.Equal("never-return", (string)faults[0]!["name"]!);
        Assert.Equal("""["m4","m5"]""", added.ToJsonString());
        Assert.Equal("m1", (string)page["entries"]![0]!["minionId"]!);
        Assert.Equal("m3", (string)rest["entries"]![0]!["minionId"]!);
        Assert.Null(rest["next"]);
        Assert.False((bool)minions[1]!["up"]!);
        Assert.Equal("pending", (string)minions[3]!["key"]!);
        Assert.Equal(4, (int)stats["minionsUp"]!);
    }

    [Fact]
    public async Task The_host_runs_until_it_is_cancelled()
    {
        using CancellationTokenSource stop = new();
        TaskCompletionSource<Uri> started = new();

        Task running = SimulatorHost.RunAsync(
            Scene.Lab with { Cache = CacheKind.File },
            TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance,
            master => started.SetResult(master.Api),
            stop.Token);
        using ApiClient client = new(await started.Task);
        await client.LoginAsync();
        await stop.CancelAsync();
        await running;

        await Assert.ThrowsAsync<HttpRequestException>(() => client.LoginAsync());
    }

    [Fact]
    public void Nonsense_in_the_settings_names_key_value_and_range()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => new SimulatedMaster(Scene.Lab with { Cache = CacheKind.File, Writers = 0 }, TimeProvider.System));

        Assert.Contains("Writers is '0'; allowed: 1 to 64", error.Message, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> WheelAsync(Scene scene, string function, string? match)
    {
        JsonNode answer = await scene.Api.RunAsync(
            new JsonObject { ["client"] = "wheel", ["fun"] = function, ["match"] = match });
        Assert.True((bool)answer["data"]!["success"]!);
        return answer["data"]!["return"]!;
    }

    private static Task<JsonNode> RunnerAsync(Scene scene, string function, JsonObject keywords) =>
        scene.Api.RunAsync(new JsonObject { ["client"] = "runner", ["fun"] = function, ["kwarg"] = keywords });
}
