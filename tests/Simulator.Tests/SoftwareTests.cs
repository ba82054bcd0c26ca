using System.Text.Json.Nodes;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Ledger;
using Saltern.Simulator.Software;
using Xunit;

namespace Saltern.Simulator.Tests;

public sealed class SoftwareTests
{
    private const string Channel = "saltern:sle-product-sles15-sp6-pool-x86_64";
    private const string Upgrade = "saltern_zypper_|-saltern_distupgrade_|-saltern_distupgrade_|-dist_upgraded";
    private const string Channels = "saltern_zypper_|-saltern_channels_|-saltern_channels_|-channels";

    private static int jids;

    [Fact]
    public async Task Products_and_repositories_are_told_as_zypper_does_and_can_be_set()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        JsonNode products = await AskAsync(scene, "pkg.list_products");
        JsonNode before = await AskAsync(scene, "pkg.list_repos");

        using HttpClient control = new() { BaseAddress = scene.Master.Control };
        using StringContent body = new("""
            {"products": [{"name": "Leap", "version": "15.5", "isBase": true}],
             "repositories": [{"alias": "oss", "url": "https://x.example/oss/", "enabled": false}]}
            """);
        using HttpResponseMessage set = await control.PutAsync(new Uri("minions/m1/software", UriKind.Relative), body);
        JsonNode after = await AskAsync(scene, "pkg.list_repos");
        string software = await control.GetStringAsync(new Uri("minions/m1/software", UriKind.Relative));
        string page = await control.GetStringAsync(new Uri("minions?limit=1", UriKind.Relative));

        set.EnsureSuccessStatusCode();
        Assert.Equal(
            "SLES 15.5 x86_64 true",
            $"{products[0]!["name"]} {products[0]!["version"]} {products[0]!["arch"]} {products[0]!["isbase"]}");
        Assert.Equal("SLES-15.5-Pool", (string)before["SLES-15.5-Pool"]!["alias"]!);
        Assert.Equal("https://x.example/oss/", (string)after["oss"]!["baseurl"]!);
        Assert.False((bool)after["oss"]!["enabled"]!);
        Assert.Single(after.AsObject());
        Assert.Equal("Leap", (string)(await AskAsync(scene, "pkg.list_products"))[0]!["name"]!);
        Assert.Equal("oss", (string)JsonNode.Parse(software)!["repositories"]![0]!["alias"]!);
        Assert.Equal("oss", (string)JsonNode.Parse(page)![0]!["repositories"]![0]!["alias"]!);
    }

    [Fact]
    public async Task A_private_dry_run_changes_nothing_and_the_real_run_does_what_it_told()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        SoftwareView before = scene.Master.SoftwareOf("m1")!;
        JsonNode packages = await AskAsync(scene, "pkg.list_pkgs");

        JsonNode dry = (await RunAsync(scene, Pillar("r-dry", dryRun: true)))[Upgrade]!;
        JsonNode packagesAfterDry = await AskAsync(scene, "pkg.list_pkgs");
        SoftwareView afterDry = scene.Master.SoftwareOf("m1")!;
        JsonNode states = await RunAsync(scene, Pillar("r-real", dryRun: false));
        JsonNode real = states[Upgrade]!["saltern"]!;
        SoftwareView after = scene.Master.SoftwareOf("m1")!;
        JsonNode again = (await RunAsync(scene, Pillar("r-again", dryRun: false)))[Upgrade]!["saltern"]!;

        Assert.Equal(
            [
                "saltutil_|-saltern_modules_|-saltern_modules_|-sync_modules",
                "saltutil_|-saltern_states_|-saltern_states_|-sync_states", Channels,
                "file_|-saltern_supportconfig_|-/usr/lib/supportconfig/plugins/saltern_|-managed", Upgrade,
            ],
            states.AsObject().Select(state => state.Key));
        Assert.EndsWith("A reboot is needed.", (string)states[Upgrade]!["comment"]!, StringComparison.Ordinal);
        Assert.True((bool)dry["result"]!);
        Assert.StartsWith(
            "Would succeed: 1 to install, 6 to upgrade, 1 to remove.", (string)dry["comment"]!,
            StringComparison.Ordinal);
        Assert.Equal(before.Repositories, afterDry.Repositories);
        Assert.True(JsonNode.DeepEquals(packages, packagesAfterDry));
        Assert.True(JsonNode.DeepEquals(dry["saltern"]!["plan"], real["plan"]));
        Assert.Equal(8, real["changes"]!.AsObject().Count);
        Assert.True((bool)real["changed"]!);
        Assert.Equal("added", (string)states[Channels]!["changes"]!["channels"]![Channel]!);
        Assert.Contains(after.Repositories, one => one.Alias == Channel);
        Assert.All(after.Products, product => Assert.Equal("15.6", product.Version));
        Assert.Equal("15.6", (string)(await AskAsync(scene, "grains.get", "osrelease"))!);
        Assert.Equal("nothing_to_do", (string)again["outcome"]!);
        Assert.Equal(["r-dry", "r-real", "r-again"], scene.Master.SoftwareOf("m1")!.Runs.Select(run => run.RunId));
    }

    [Fact]
    public async Task Others_are_switched_off_and_on_again_and_ours_are_replaced()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        JsonObject off = Pillar("r1", dryRun: false);
        off["saltern"]!["foreign"] = "disable";

        await RunAsync(scene, off, "saltern.channels");
        IEnumerable<bool> whileOff = Others();
        await RunAsync(
            scene, new JsonObject { ["saltern"] = new JsonObject { ["channels"] = new JsonArray() } },
            "saltern.channels");

        Assert.All(whileOff, Assert.False);
        Assert.All(Others(), Assert.True);
        Assert.DoesNotContain(scene.Master.SoftwareOf("m1")!.Repositories, one => one.Alias == Channel);

        bool[] Others() => [.. scene.Master.SoftwareOf("m1")!.Repositories
            .Where(one => one.Alias != Channel).Select(one => one.Enabled)];
    }

    [Theory]
    [InlineData(DupOutcome.NothingToDo, "nothing_to_do", null, false)]
    [InlineData(DupOutcome.Conflict, "failed", "conflict", false)]
    [InlineData(DupOutcome.VendorChange, "succeeded", null, true)]
    [InlineData(DupOutcome.RepositoryUnreachable, "failed", "repository_unreachable", false)]
    [InlineData(DupOutcome.Signature, "failed", "signature", false)]
    [InlineData(DupOutcome.HalfDone, "failed", "packages", true)]
    [InlineData(DupOutcome.PackageGone, "failed", "packages", false)]
    public async Task A_run_ends_as_it_is_set(DupOutcome outcome, string said, string? reason, bool changed)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting { Outcome = outcome } });

        JsonNode state = (await RunAsync(scene, Pillar("r1", dryRun: false)))[Upgrade]!;

        JsonNode result = state["saltern"]!;
        Assert.Equal((said, reason), ((string)result["outcome"]!, (string?)result["reason"]));
        Assert.Equal(changed, (bool)result["changed"]!);
        Assert.Equal(changed, state["changes"]!.AsObject().Count > 0);
        Assert.Equal(said != "failed", (bool)state["result"]!);
        Assert.Equal(outcome == DupOutcome.Conflict, result["problems"]!.AsArray().Count > 0);
        Assert.Equal(
            outcome == DupOutcome.VendorChange, result["plan"]!["change_vendor"] is JsonArray { Count: > 0 });
        DupRunView run = scene.Master.SoftwareOf("m1")!.Runs.Single();
        Assert.Equal((said, changed), (run.Outcome, run.Changed));
        Assert.Equal(said == "succeeded", scene.Master.SoftwareOf("m1")!.Products[0].Version == "15.6");
    }

    [Theory]
    [InlineData(DupOutcome.Untold, true)]
    [InlineData(DupOutcome.UntoldUnchanged, false)]
    public async Task Where_the_record_does_not_tell_whether_packages_changed_they_are_compared(
        DupOutcome outcome, bool changed)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting { Outcome = outcome } });

        JsonNode dry = (await RunAsync(scene, Pillar("r-dry", dryRun: true)))[Upgrade]!["saltern"]!;
        JsonNode real = (await RunAsync(scene, Pillar("r-real", dryRun: false)))[Upgrade]!["saltern"]!;
        JsonNode since = await AskAsync(scene, "saltern_zypper.changed_since", "r-real");

        Assert.Equal(("succeeded", false), ((string)dry["outcome"]!, (bool)dry["changed"]!));
        Assert.Equal(("failed", "packages"), ((string)real["outcome"]!, (string)real["reason"]!));
        Assert.Null(real["changed"]);
        Assert.Empty(real["changes"]!.AsObject());
        Assert.Equal((changed, true), ((bool)since["changed"]!, (bool)since["began_to_change"]!));
        Assert.Equal(changed, scene.Master.SoftwareOf("m1")!.Runs[1].Changed);
    }

    [Fact]
    public async Task What_a_transactional_system_changed_is_there_after_the_next_boot()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.SetSoftware(
            "m1", new SoftwareSetting { Dup = new DupSetting { Outcome = DupOutcome.Transactional } });
        JsonNode before = await AskAsync(scene, "pkg.list_pkgs");

        JsonNode result = (await RunAsync(scene, Pillar("r1", dryRun: false)))[Upgrade]!["saltern"]!;
        JsonNode packages = await AskAsync(scene, "pkg.list_pkgs");
        string version = scene.Master.SoftwareOf("m1")!.Products[0].Version;
        JsonNode since = await AskAsync(scene, "saltern_zypper.changed_since", "r1");
        scene.Master.Reboot("m1");
        await UpAsync(scene);
        JsonNode sinceBoot = await AskAsync(scene, "saltern_zypper.changed_since", "r1");

        Assert.Equal(("succeeded", true), ((string)result["outcome"]!, (bool)result["changed"]!));
        Assert.True((bool)result["checks"]!["transactional"]! && (bool)result["reboot_needed"]!);
        Assert.True(JsonNode.DeepEquals(before, packages));
        Assert.Equal("15.5", version);
        Assert.Null(since["changed"]);
        Assert.Equal("15.6", scene.Master.SoftwareOf("m1")!.Products[0].Version);
        Assert.True(JsonNode.DeepEquals(result["changes"], sinceBoot["changes"]));
        Assert.True((bool)sinceBoot["changed"]!);
    }

    [Theory]
    [InlineData("remove_limit", "2")]
    [InlineData("forbid_removal", "[\"wick*\"]")]
    public async Task More_removals_than_allowed_fail_before_anything_changes(string name, string value)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting { Removals = 3 } });
        JsonObject pillar = Pillar("r1", dryRun: false);
        pillar["saltern"]![name] = JsonNode.Parse(value);

        JsonNode result = (await RunAsync(scene, pillar))[Upgrade]!["saltern"]!;

        Assert.Equal("removal_limit", (string)result["reason"]!);
        Assert.False((bool)result["changed"]!);
        Assert.Equal(3, (int)result["counts"]!["remove"]!);
    }

    [Fact]
    public async Task The_same_run_is_never_done_again_and_another_under_its_name_is_refused()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        await RunAsync(scene, Pillar("r1", dryRun: false));
        scene.Master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting { Outcome = DupOutcome.Conflict } });

        JsonNode again = (await RunAsync(scene, Pillar("r1", dryRun: false)))[Upgrade]!["saltern"]!;
        JsonNode other = (await RunAsync(scene, Pillar("r1", dryRun: true)))[Upgrade]!["saltern"]!;

        Assert.Equal("succeeded", (string)again["outcome"]!);
        Assert.True((bool)again["recorded"]!);
        Assert.Equal("parameters", (string)other["reason"]!);
        DupRunView run = scene.Master.SoftwareOf("m1")!.Runs.Single();
        Assert.Equal((1, 3), (run.TimesBegun, run.TimesAsked));
    }

    [Theory]
    [InlineData(DupOutcome.Outlived, "succeeded", true)]
    [InlineData(DupOutcome.Interrupted, "interrupted", true)]
    [InlineData(DupOutcome.InterruptedUnchanged, "interrupted", false)]
    public async Task A_minion_that_dies_in_a_run_never_returns_and_the_record_tells(
        DupOutcome outcome, string said, bool changed)
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting { Outcome = outcome } });

        string jid = await PublishAsync(scene, Pillar("r1", dryRun: false));
        await Scene.UntilAsync(() => scene.Master.Ledger.Find(jid, "m1")?.Outcome == LedgerOutcome.Interrupted);
        await UpAsync(scene);
        JsonNode result = await AskAsync(scene, "saltern_zypper.run_result", "r1");
        JsonNode since = await AskAsync(scene, "saltern_zypper.changed_since", "r1");
        JsonNode resent = (await RunAsync(scene, Pillar("r1", dryRun: false)))[Upgrade]!["saltern"]!;

        Assert.Equal(0, scene.Master.Ledger.Find(jid, "m1")!.ReturnsSent);
        Assert.Equal((said, changed), ((string)result["outcome"]!, (bool)result["changed"]!));
        Assert.True((bool)result["recorded"]!);
        Assert.Equal(changed, (bool)since["changed"]!);
        Assert.True((bool)since["began_to_change"]!);
        Assert.Equal((said, true), ((string)resent["outcome"]!, (bool)resent["recorded"]!));
        Assert.Contains(scene.Master.SoftwareOf("m1")!.Repositories, one => one.Alias == Channel);
    }

    [Fact]
    public async Task A_dry_run_that_dies_leaves_no_trace_and_may_begin_again()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        scene.Master.SetSoftware(
            "m1", new SoftwareSetting { Dup = new DupSetting { DryRun = DupOutcome.Interrupted } });

        string jid = await PublishAsync(scene, Pillar("r1", dryRun: true));
        await Scene.UntilAsync(() => scene.Master.Ledger.Find(jid, "m1")?.Outcome == LedgerOutcome.Interrupted);
        await UpAsync(scene);
        JsonNode lost = await AskAsync(scene, "saltern_zypper.run_result", "r1");
        scene.Master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting() });
        JsonNode again = (await RunAsync(scene, Pillar("r1", dryRun: true)))[Upgrade]!["saltern"]!;

        Assert.Equal("not_begun", (string)lost["outcome"]!);
        Assert.Equal("succeeded", (string)again["outcome"]!);
        Assert.Equal(2, scene.Master.SoftwareOf("m1")!.Runs.Single().TimesBegun);
    }

    [Fact]
    public async Task A_run_goes_on_without_the_minion_and_whoever_asks_again_waits_for_it()
    {
        HastyClock clock = new(1);
        await using SimulatedMaster master = new(Scene.Lab with { Cache = CacheKind.File }, clock);
        await master.StartAsync(CancellationToken.None);
        using ApiClient api = new(master.Api);
        await api.LoginAsync();
        master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting { Seconds = 3600 } });
        master.Faults.Set(FaultNames.MinionRestart, count: 1);

        await api.RunAsync(Chunk("20260101000000000001", Pillar("r1", dryRun: false)));
        await Scene.UntilAsync(async () => (await api.RunAsync(Local("test.ping", []))).AsObject().Count == 1);
        Assert.Null(master.SoftwareOf("m1")!.Runs.Single().EndedAt);
        JsonNode meanwhile = await api.RunAsync(Local("saltern_zypper.run_result", ["r1"]));
        await api.RunAsync(Chunk("20260101000000000001", Pillar("r1", dryRun: false)));
        clock.Skip(TimeSpan.FromHours(2));
        await Scene.UntilAsync(
            () => master.Ledger.Find("20260101000000000001", "m1")?.Outcome == LedgerOutcome.Ended);
        JsonNode later = await api.RunAsync(Local("saltern_zypper.run_result", ["r1"]));

        Assert.Equal("running", (string)meanwhile["m1"]!["outcome"]!);
        Assert.Equal("succeeded", (string)later["m1"]!["outcome"]!);
        SoftwareView view = master.SoftwareOf("m1")!;
        DupRunView run = view.Runs.Single();
        Assert.Equal((1, 2), (run.TimesBegun, run.TimesAsked));
        Assert.InRange((run.EndedAt - run.StartedAt)!.Value, TimeSpan.FromHours(1), TimeSpan.FromHours(1.1));
        Assert.Equal(["r1", "r1"], view.ChannelsSet.Select(one => one.RunId));
        Assert.All(view.ChannelsSet, one => Assert.Equal(run.Channels, one.Channels));
    }

    [Theory]
    [InlineData(false, DupOutcome.Succeeded, "succeeded", "15.6", true)]
    [InlineData(true, DupOutcome.Succeeded, "interrupted", "15.5", true)]
    [InlineData(true, DupOutcome.Transactional, "interrupted", "15.5", false)]
    public async Task A_run_ends_though_nobody_asks_for_it_and_a_reboot_in_the_middle_interrupts_it(
        bool reboots, DupOutcome set, string outcome, string version, bool changed)
    {
        HastyClock clock = new(1);
        await using SimulatedMaster master = new(Scene.Lab with { Cache = CacheKind.File }, clock);
        await master.StartAsync(CancellationToken.None);
        using ApiClient api = new(master.Api);
        await api.LoginAsync();
        master.SetSoftware("m1", new SoftwareSetting { Dup = new DupSetting { Outcome = set, Seconds = 3600 } });

        await api.RunAsync(Chunk("20260101000000000001", Pillar("r1", dryRun: false)));
        await Scene.UntilAsync(() => master.SoftwareOf("m1")!.Runs.Count == 1);
        Assert.True(reboots ? master.Reboot("m1") : master.Restart("m1"));
        clock.Skip(TimeSpan.FromHours(2));
        await Scene.UntilAsync(() => master.SoftwareOf("m1")!.Runs[0].Outcome is not null);

        Assert.Equal(changed, master.SoftwareOf("m1")!.Runs[0].Changed);
        Assert.Equal(outcome, master.SoftwareOf("m1")!.Runs[0].Outcome);
        Assert.Equal(version, master.SoftwareOf("m1")!.Products[0].Version);
    }

    [Fact]
    public async Task Test_cases_are_fetched_within_a_limit_and_a_snapshot_is_gone_back_to()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();
        await RunAsync(scene, Pillar("r1", dryRun: true));

        JsonNode found = await AskAsync(scene, "saltern_zypper.fetch_test_case", "r1");
        JsonNode large = await AskAsync(scene, "saltern_zypper.fetch_test_case", "r1", 10);
        JsonNode none = await AskAsync(scene, "saltern_zypper.fetch_test_case", "r2");
        JsonNode back = await AskAsync(scene, "saltern_zypper.rollback", 11);

        Assert.Equal([0x1f, 0x8b], Convert.FromBase64String((string)found["content"]!)[..2]);
        Assert.True((bool)large["too_large"]!);
        Assert.False((bool)none["found"]!);
        Assert.True((bool)back["reboot_needed"]!);
    }

    [Fact]
    public async Task What_the_pillar_must_not_have_and_where_there_is_no_zypper_fails()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync(Scene.Lab with { Minions = 4 });
        JsonObject unknown = Pillar("r1", dryRun: false);
        unknown["saltern"]!["nonsense"] = 1;

        JsonNode states = await RunAsync(scene, unknown);
        JsonNode debian = await scene.Api.RunAsync(Local("saltern_zypper.run_result", ["r1"], "m4"));

        Assert.Contains("what is not known: nonsense", (string)states[Channels]!["comment"]!, StringComparison.Ordinal);
        Assert.False((bool)states[Upgrade]!["result"]!);
        Assert.Empty(scene.Master.SoftwareOf("m1")!.Runs);
        Assert.Equal("'saltern_zypper.run_result' is not available.", (string)debian["m4"]!);
    }

    private static JsonObject Pillar(string runId, bool dryRun) => new()
    {
        ["saltern"] = new JsonObject
        {
            ["run_id"] = runId,
            ["dry_run"] = dryRun,
            ["channels"] = new JsonArray(new JsonObject
            {
                ["label"] = Channel["saltern:".Length..], ["url"] = "https://mirror.example.com/sp6/",
            }),
        },
    };

    private static JsonObject Local(string function, JsonArray arguments, string target = "m1") => new()
    {
        ["client"] = "local", ["tgt"] = target, ["fun"] = function, ["arg"] = arguments, ["timeout"] = 1,
    };

    private static JsonObject Chunk(string jid, JsonObject pillar, string mods = "saltern.distupgrade") => new()
    {
        ["client"] = "local_async", ["tgt"] = "m1", ["fun"] = "state.apply", ["arg"] = new JsonArray(mods),
        ["kwarg"] = new JsonObject { ["pillar"] = pillar.DeepClone() }, ["jid"] = jid,
    };

    private static async Task<JsonNode> AskAsync(Scene scene, string function, params JsonNode[] arguments) =>
        (await scene.Api.RunAsync(Local(function, new JsonArray(arguments))))["m1"]!;

    private static async Task<JsonNode> RunAsync(Scene scene, JsonObject pillar, string mods = "saltern.distupgrade")
    {
        JsonObject chunk = Local("state.apply", new JsonArray(mods));
        chunk["kwarg"] = new JsonObject { ["pillar"] = pillar.DeepClone() };
        return (await scene.Api.RunAsync(chunk))["m1"]!;
    }

    private static async Task<string> PublishAsync(Scene scene, JsonObject pillar)
    {
        string jid = $"202601010000000{Interlocked.Increment(ref jids):D5}";
        await scene.Api.RunAsync(Chunk(jid, pillar));
        return jid;
    }

    private static Task UpAsync(Scene scene) =>
        Scene.UntilAsync(async () => (await scene.Api.RunAsync(Local("test.ping", []))).AsObject().Count == 1);
}
