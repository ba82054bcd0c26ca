using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Saltern.Simulator.Tests;

/// <summary>
/// A client that others wrote for the real salt-api, Debian's salt-pepper, works against the simulator.
/// </summary>
public sealed class PepperTests
{
    private const string Program = "/usr/bin/salt-pepper";

    [Fact]
    public async Task Pepper_pings_minions()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();

        JsonNode answer = await RunAsync(scene, "*", "test.ping");

        Assert.Equal("""{"m1":true,"m2":true,"m3":true}""", Sorted(answer["return"]![0]!));
    }

    [Fact]
    public async Task Pepper_runs_a_runner_function_and_a_wheel_function_and_over_run()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();

        JsonNode up = await RunAsync(scene, "--client=runner", "manage.up");
        JsonNode keys = await RunAsync(scene, "--client=wheel", "key.name_match", "match=m2");
        JsonNode run = await RunAsync(scene, "--run-uri", "m1", "test.ping");

        Assert.Equal("""["m1","m2","m3"]""", up["return"]![0]!.ToJsonString());
        Assert.Equal("""{"minions":["m2"]}""", keys["return"]![0]!["data"]!["return"]!.ToJsonString());
        Assert.True((bool)run["return"]![0]!["m1"]!);
    }

    [Fact]
    public async Task Pepper_says_so_when_the_password_is_wrong()
    {
        await using Scene scene = await Scene.OpenWithFileCacheAsync();

        (int code, string _, string errors) = await StartAsync(scene, "wrong", "*", "test.ping");

        Assert.NotEqual(0, code);
        Assert.Contains("Authentication denied", errors, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> RunAsync(Scene scene, params string[] arguments)
    {
        (int code, string output, string errors) = await StartAsync(scene, "lab-shared-secret", arguments);
        Assert.True(code == 0, errors);
        return JsonNode.Parse(output)!;
    }

    private static async Task<(int Code, string Output, string Errors)> StartAsync(
        Scene scene, string password, params string[] arguments)
    {
        Assert.True(File.Exists(Program), $"{Program} is missing: apt-get install salt-pepper");
        ProcessStartInfo start = new(Program, ["--non-interactive", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["SALTAPI_URL"] = scene.Master.Api.ToString().TrimEnd('/'),
                ["SALTAPI_USER"] = "lab",
                ["SALTAPI_PASS"] = password,
                ["SALTAPI_EAUTH"] = "sharedsecret",
                ["HOME"] = Path.GetTempPath(),
                ["PYTHONWARNINGS"] = "ignore",
            },
        };
        using Process pepper = Process.Start(start)!;
        Task<string> output = pepper.StandardOutput.ReadToEndAsync();
        Task<string> errors = pepper.StandardError.ReadToEndAsync();
        await pepper.WaitForExitAsync();
        return (pepper.ExitCode, await output, await errors);
    }

    private static string Sorted(JsonNode answer) => new JsonObject(
        answer.AsObject().OrderBy(pair => pair.Key).Select(
            pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())))
        .ToJsonString();
}
