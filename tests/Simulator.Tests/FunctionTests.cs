using System.Text.Json.Nodes;
using Saltern.Simulator.Ledger;
using Xunit;

namespace Saltern.Simulator.Tests;

public sealed class FunctionTests
{
    private const string UpdateTemplate = """
        {% set installed = salt['pkg.list_pkgs']() %}
        {% set present = [] %}
        {% set absent = [] %}
        {% for name in [NAMES] %}
        {% if name in installed %}{% do present.append(name) %}{% else %}{% do absent.append(name) %}{% endif %}
        {% endfor %}
        {% if present %}
        the_packages:
          pkg.latest:
            - pkgs: {{ present | json }}
        {% endif %}
        {% if absent %}
        not_there:
          test.succeed_without_changes:
            - name: '{{ absent | join(", ") }}'
        {% endif %}
        """;

    [Theory]
    [InlineData("echo one\necho two >&2\nexit 3", "one\ntwo", 3)]
    [InlineData("false; echo after", "after", 0)]
    [InlineData("set -e\nfalse\necho never", "", 1)]
    [InlineData("true && echo yes", "yes", 0)]
    [InlineData("echo 'a;b' \"c d\"", "a;b c d", 0)]
    [InlineData("nosuchcommand", "/bin/sh: 1: nosuchcommand: not found", 127)]
    public async Task A_script_prints_and_exits(string script, string output, int retcode)
    {
        await using Scene scene = await SlowSceneAsync();

        JsonObject full = await RunAsync(scene, "cmd.run", new JsonObject { ["cmd"] = script });

        Assert.Equal(output, (string)full["return"]!);
        Assert.Equal(retcode, (int)full["retcode"]!);
        Assert.Equal(retcode == 0, (bool)full["success"]!);
    }

    [Fact]
    public async Task A_script_on_the_file_server_that_runs_out_of_time_succeeds_with_a_text_that_tells()
    {
        await using Scene scene = await SlowSceneAsync();
        scene.Master.PutFile("salt://scripts/slow.sh", "#!/bin/sh\necho begun\nsleep 300\n");

        JsonObject full = await RunAsync(
            scene, "cmd.script", new JsonObject { ["source"] = "salt://scripts/slow.sh", ["timeout"] = 1 });
        JsonObject missing = await RunAsync(scene, "cmd.script", new JsonObject { ["source"] = "salt://nosuch.sh" });

        Assert.EndsWith(" : Timed out after 1 seconds", (string)full["return"]!["stdout"]!, StringComparison.Ordinal);
        Assert.Equal(1, (int)full["return"]!["retcode"]!);
        Assert.Equal(0, (int)full["retcode"]!);
        Assert.True((bool)missing["return"]!["cache_error"]!);
    }

    [Fact]
    public async Task A_text_argument_with_an_equals_sign_is_taken_for_a_keyword_as_salt_does()
    {
        await using Scene scene = await SlowSceneAsync();

        JsonNode answer = await scene.Api.RunAsync(Local("test.arg", new JsonArray("name=5", "plain")));

        Assert.Equal("[\"plain\"]", answer["m1"]!["args"]!.ToJsonString());
        Assert.Equal(5, (int)answer["m1"]!["kwargs"]!["name"]!);
    }

    [Fact]
    public async Task Packages_stay_as_they_were_left()
    {
        await using Scene scene = await SlowSceneAsync();

        JsonObject installed = await RunAsync(
            scene, "pkg.install", new JsonObject { ["pkgs"] = new JsonArray("htop", "nginx") });
        JsonObject again = await RunAsync(scene, "pkg.install", new JsonObject { ["name"] = "htop" });
        string version = (string)(await RunAsync(scene, "pkg.version", [], "htop"))["return"]!;
        JsonObject removed = await RunAsync(scene, "pkg.remove", new JsonObject { ["name"] = "htop" });
        JsonObject upgrades = await RunAsync(scene, "pkg.list_upgrades", []);
        JsonObject upgraded = await RunAsync(scene, "pkg.upgrade", []);
        JsonObject left = await RunAsync(scene, "pkg.list_upgrades", []);
        JsonObject unknown = await RunAsync(scene, "pkg.install", new JsonObject { ["name"] = "nosuchpkg" });

        Assert.Equal("", (string)installed["return"]!["htop"]!["old"]!);
        Assert.Equal(version, (string)installed["return"]!["htop"]!["new"]!);
        Assert.Equal("{}", again["return"]!.ToJsonString());
        Assert.Equal("", (string)removed["return"]!["htop"]!["new"]!);
        Assert.NotEmpty(upgrades["return"]!.AsObject());
        Assert.Equal(
            upgrades["return"]!.AsObject().Select(pair => pair.Key),
            upgraded["return"]!.AsObject().Select(pair => pair.Key));
        Assert.Empty(left["return"]!.AsObject());
        Assert.Equal("ERROR: Zypper command failure: Package 'nosuchpkg' not found.", (string)unknown["return"]!);
        Assert.Equal(1, (int)unknown["retcode"]!);
    }

    [Fact]
    public async Task A_template_updates_the_packages_it_lists_that_are_installed_and_names_the_others()
    {
        await using Scene scene = await SlowSceneAsync();
        JsonObject upgrades = (await RunAsync(scene, "pkg.list_upgrades", []))["return"]!.AsObject();
        string old = upgrades.First().Key;
        JsonObject template = new() { ["tem"] = UpdateTemplate.Replace("NAMES", $"'{old}', 'tree', 'htop'") };

        JsonObject tried = await RunAsync(
            scene, "state.template_str", new JsonObject { ["tem"] = (string)template["tem"]!, ["test"] = true });
        JsonObject updated = await RunAsync(scene, "state.template_str", template);
        JsonObject again = await RunAsync(
            scene, "state.template_str", new JsonObject { ["tem"] = UpdateTemplate.Replace("NAMES", $"'{old}'") });
        JsonObject left = (await RunAsync(scene, "pkg.list_upgrades", []))["return"]!.AsObject();
        JsonObject listed = (await RunAsync(scene, "pkg.list_pkgs", []))["return"]!.AsObject();

        const string Key = "pkg_|-the_packages_|-the_packages_|-latest";
        Assert.Null(tried["return"]![Key]!["result"]);
        JsonNode state = updated["return"]![Key]!;
        Assert.True((bool)state["result"]!);
        Assert.Equal((string)upgrades[old]!, (string)state["changes"]![old]!["new"]!);
        Assert.NotNull(updated["return"]!["test_|-not_there_|-tree, htop_|-succeed_without_changes"]);
        Assert.Equal((0, 2), ((int)updated["retcode"]!, updated["return"]!.AsObject().Count));
        Assert.Equal($"Package {old} is already up-to-date", (string)again["return"]![Key]!["comment"]!);
        Assert.Single(again["return"]!.AsObject());
        Assert.Equal(upgrades.Select(pair => pair.Key).Skip(1), left.Select(pair => pair.Key));
        Assert.False(listed.ContainsKey("tree"));
    }

    [Fact]
    public async Task A_template_of_another_form_is_refused_and_not_pretended()
    {
        await using Scene scene = await SlowSceneAsync();

        JsonObject full = await RunAsync(
            scene, "state.template_str", new JsonObject { ["tem"] = "motd:\n  file.managed:\n    - name: /etc/motd" });

        Assert.Contains("reads no template but one", (string)full["return"]!, StringComparison.Ordinal);
        Assert.Equal(1, (int)full["retcode"]!);
    }

    [Fact]
    public async Task A_reboot_changes_the_boot_id_and_forgets_jids()
    {
        await using Scene scene = await SlowSceneAsync();
        const string Path = "/proc/sys/kernel/random/boot_id";
        string before = (string)(await RunAsync(scene, "file.read", [], Path))["return"]!;

        await scene.Api.PublishAsync(["m1"], "system.reboot", "20260101000000000001");
        await Scene.UntilAsync(() => scene.Master.BootIdOf("m1") != before.Trim());
        string after = (string)(await RunAsync(scene, "cmd.run", [], "cat " + Path))["return"]!;
        await scene.Api.PublishAsync(["m1"], "test.ping", "20260101000000000001");

        Assert.EndsWith("\n", before, StringComparison.Ordinal);
        Assert.Equal(scene.Master.BootIdOf("m1"), after);
        Assert.Equal(2, scene.Master.Ledger.Find("20260101000000000001", "m1")!.TimesRun);
    }

    [Fact]
    public async Task A_machine_that_is_cut_off_while_it_reboots_has_rebooted_when_it_is_back()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync(
            Scene.Lab with { RebootTime = TimeSpan.FromHours(1) });
        string before = scene.Master.BootIdOf("m1")!;
        await scene.Api.PublishAsync(["m1"], "system.reboot", "20260101000000000001");
        await Scene.UntilAsync(() => scene.Master.Counts.MinionsUp == 2);
        scene.Master.TakeDown("m1");

        scene.Master.BringUp("m1");

        Assert.NotEqual(before, scene.Master.BootIdOf("m1"));
        string once = scene.Master.BootIdOf("m1")!;
        scene.Master.TakeDown("m1");
        scene.Master.BringUp("m1");
        Assert.Equal(once, scene.Master.BootIdOf("m1"));
    }

    [Fact]
    public async Task Grains_vary_and_repeat_with_the_seed()
    {
        await using Scene scene = await SlowSceneAsync();
        await using Scene twin = await SlowSceneAsync();

        JsonNode grains = await scene.Api.RunAsync(Local("grains.items", [], "*"));
        JsonNode same = await twin.Api.RunAsync(Local("grains.items", [], "*"));
        JsonNode one = await scene.Api.RunAsync(Local("grains.item", new JsonArray("os", "osrelease")));
        JsonNode get = await scene.Api.RunAsync(Local("grains.get", new JsonArray("ip4_interfaces:eth0:0")));

        Assert.True(JsonNode.DeepEquals(grains["m2"], same["m2"]));
        Assert.Equal(["Leap", "SLES"], grains.AsObject().Select(pair => (string)pair.Value!["os"]!).Distinct().Order());
        Assert.Equal("SLES", (string)one["m1"]!["os"]!);
        Assert.Equal("10.0.0.0", (string)get["m1"]!);
    }

    [Fact]
    public async Task A_second_state_run_is_refused_or_waits_if_it_is_queued()
    {
        await using Scene scene = await SlowSceneAsync();
        JsonObject slow = new() { ["pillar"] = new JsonObject { ["seconds"] = 1 } };

        Task<JsonObject> first = RunAsync(scene, "state.apply", slow, "slow");
        await Scene.UntilAsync(() => scene.Master.Counts.Pending > 0);
        JsonObject refused = await RunAsync(scene, "state.apply", [], "ok");
        JsonObject queued = await RunAsync(scene, "state.apply", new JsonObject { ["queue"] = true }, "ok");

        Assert.StartsWith(
            "The function \"state.apply\" is running as PID", (string)refused["return"]![0]!, StringComparison.Ordinal);
        Assert.Equal(1, (int)refused["retcode"]!);
        Assert.Equal(LedgerOutcome.Ended, scene.Master.Ledger.OfMinion("m1")[0].Outcome);
        Assert.Equal(0, (int)queued["retcode"]!);
        Assert.Equal(0, (int)(await first)["retcode"]!);
    }

    [Fact]
    public async Task A_job_that_has_not_forked_yet_is_not_found()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync(
            Scene.Lab with { ForkDelay = TimeSpan.FromSeconds(1) });
        await scene.Api.PublishAsync(["m1"], "test.sleep", "20260101000000000001", 60);

        JsonNode early = await scene.Api.RunAsync(Local("saltutil.find_job", new JsonArray("20260101000000000001")));
        await Task.Delay(TimeSpan.FromSeconds(1.1), TimeProvider.System);
        JsonNode later = await scene.Api.RunAsync(Local("saltutil.find_job", new JsonArray("20260101000000000001")));

        Assert.Equal("{}", early["m1"]!.ToJsonString());
        Assert.Equal("test.sleep", (string)later["m1"]!["fun"]!);
    }

    private static Task<Scene> SlowSceneAsync() => Scene.OpenWithFileCacheAsync();

    private static JsonObject Local(string function, JsonArray arguments, string target = "m1") => new()
    {
        ["client"] = "local", ["tgt"] = target, ["fun"] = function, ["arg"] = arguments,
    };

    private static async Task<JsonObject> RunAsync(
        Scene scene, string function, JsonObject keywords, params string[] arguments)
    {
        JsonObject chunk = Local(function, new JsonArray([.. arguments.Select(argument => (JsonNode)argument)]));
        chunk["client"] = "local_async";
        chunk["kwarg"] = keywords;
        string jid = (string)(await scene.Api.RunAsync(chunk))["jid"]!;
        JsonObject? full = null;
        await Scene.UntilAsync(async () =>
        {
            JsonNode job = await scene.Api.RunAsync(new JsonObject
            {
                ["client"] = "runner", ["fun"] = "jobs.list_job", ["kwarg"] = new JsonObject { ["jid"] = jid },
            });
            full = job["Result"]!["m1"] as JsonObject;
            return full is not null;
        });
        return full!;
    }
}
