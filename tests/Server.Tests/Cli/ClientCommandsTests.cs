using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Cli;
using Saltern.Contract;
using Saltern.Server.Changes;
using Saltern.Server.Tests.Api;
using Xunit;

namespace Saltern.Server.Tests.Cli;

public sealed class ClientCommandsTests(LiveServer server) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task An_action_is_scheduled_listed_shown_cancelled_and_deleted()
    {
        await server.AddMinionsAsync("cli", 2);
        var scheduled =
            await RunAsync("actions", "schedule", "ping", "--minions", "cli1,cli2", "--description", "by hand");
        Assert.Equal((ExitCodes.Ok, ""), (scheduled.ExitCode, scheduled.Error));
        var id = scheduled.Output.Split(' ')[1];

        var list = await RunAsync("actions", "list", "--status", "Scheduled");
        Assert.Contains("by hand", list.Output, StringComparison.Ordinal);
        Assert.StartsWith("id ", list.Output, StringComparison.Ordinal);
        var shown = await RunAsync("actions", "show", id, "--targets", "--output", "json");
        using var json = JsonDocument.Parse(shown.Output);
        Assert.Equal(2, json.RootElement.GetProperty("targets").GetArrayLength());

        var some = await RunAsync("actions", "cancel", id, "--minions", "cli1");
        Assert.Contains("1 targets cancelled", some.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("actions", "delete", id)).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("actions", "cancel", id)).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("actions", "archive", id)).ExitCode);
        Assert.Contains(
            "2 targets", (await RunAsync("actions", "reschedule", id, "--all")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("actions", "cancel", id)).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("actions", "delete", id)).ExitCode);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("actions", "show", id)).ExitCode);
    }

    [Fact]
    public async Task Cancelling_a_minion_that_is_past_it_fails()
    {
        await server.AddMinionsAsync("past", 2);
        var id = await server.ScheduleAsync("past*");
        await server.SettleAsync(id, "past1", "Completed", "20260301080000000801_s1", "true");
        var both = await RunAsync("actions", "cancel", $"{id}", "--minions", "past1,past2");
        Assert.Equal(ExitCodes.ActionFailed, both.ExitCode);
        Assert.Contains("1 targets cancelled", both.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_are_texts_files_and_json()
    {
        await server.AddMinionsAsync("args", 1);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "echo hello");
        var scheduled = await RunAsync(
            "actions", "schedule", "script.run", "-m", "args1", "--arg", $"script=@{file}", "--arg",
                "timeoutSeconds:=60");
        Assert.Equal(("", ExitCodes.Ok), (scheduled.Error, scheduled.ExitCode));
        File.Delete(file);
        var shown = await server.GetAsync<ActionDetail>($"/api/v1/actions/{scheduled.Output.Split(' ')[1]}");
        Assert.Equal("echo hello", shown.Arguments.GetProperty("script").GetString());
        Assert.Equal(60, shown.Arguments.GetProperty("timeoutSeconds").GetInt32());
    }

    [Fact]
    public async Task Watching_ends_with_0_when_all_completed_and_1_when_not()
    {
        await server.AddMinionsAsync("watch", 2);
        var id = await server.ScheduleAsync("watch*");
        var watching = RunAsync("actions", "watch", $"{id}");
        await server.SettleAsync(id, "watch1", "Completed", "20260301080000000401_s1", "true");
        await server.RingAsync($$"""{"action":{{id}}}""");
        await server.SettleAsync(id, "watch2", "Completed", "20260301080000000402_s1", "true");
        await server.RingAsync($$"""{"action":{{id}}}""");
        var watched = await watching;
        Assert.Equal((ExitCodes.Ok, ""), (watched.ExitCode, watched.Error));
        Assert.Contains("Completed, 2 of 2 settled", watched.Output, StringComparison.Ordinal);

        await server.AddMinionsAsync("worse", 1);
        var bad = await server.ScheduleAsync("worse*");
        await server.SettleAsync(bad, "worse1", "Failed", "20260301080000000403_s1", "false");
        var failed = await RunAsync("actions", "watch", $"{bad}", "-o", "json");
        Assert.Equal(ExitCodes.ActionFailed, failed.ExitCode);
        Assert.Equal("Failed", JsonDocument.Parse(failed.Output).RootElement.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Watching_survives_the_loss_of_a_notification()
    {
        await server.AddMinionsAsync("quiet", 1);
        var id = await server.ScheduleAsync("quiet*");
        var feed = server.Services.GetRequiredService<ChangeFeed>();
        var before = feed.Subscriptions;
        var watching = RunAsync("actions", "watch", $"{id}");
        while (feed.Subscriptions == before && !watching.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        await server.SettleAsync(id, "quiet1", "Completed", "20260301080000000404_s1", "true");
        await server.KillSessionsAsync();
        Assert.Equal(ExitCodes.Ok, (await watching).ExitCode);
    }

    [Fact]
    public async Task A_target_and_its_result_are_shown()
    {
        await server.AddMinionsAsync("result", 1);
        var id = await server.ScheduleAsync("result*");
        await server.SettleAsync(id, "result1", "Completed", "20260301080000000405_s1", """{"out": "\u001b[31mred"}""");
        var shown = await RunAsync("actions", "target", $"{id}", "result1");
        Assert.Contains("20260301080000000405_s1", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown.Output);
        Assert.Equal(
            """{"out": "\u001b[31mred"}""", (await RunAsync("actions", "result", $"{id}", "result1")).Output.Trim());
    }

    [Fact]
    public async Task Minions_groups_masters_and_dispatch_are_reached()
    {
        await server.AddMinionsAsync("many", 3);
        Assert.Contains("many2", (await RunAsync("minions", "list", "--id", "many")).Output, StringComparison.Ordinal);
        Assert.Contains("many3", (await RunAsync("minions", "show", "many3")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("minions", "reject", "not-there")).ExitCode);
        var accepted = await RunAsync("minions", "accept", "many1", "not-there");
        Assert.Equal(ExitCodes.Usage, accepted.ExitCode);
        Assert.Contains("many1: accepted", accepted.Output, StringComparison.Ordinal);
        Assert.Contains("not-there: There is no such minion.", accepted.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Ok, (await RunAsync("groups", "create", "some", "-m", "many1,many2")).ExitCode);
        Assert.Contains(
            "many2", (await RunAsync("groups", "show", "some", "--members")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("groups", "set", "some", "--minions", "many3")).ExitCode);
        Assert.Contains("some", (await RunAsync("groups", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("groups", "delete", "some")).ExitCode);

        Assert.Contains("http://127.0.0.1:1/", (await RunAsync("masters", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.ActionFailed, (await RunAsync("masters", "check", "one")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("masters", "pause", "one", "--reason", "why not")).ExitCode);
        Assert.Contains("one", (await RunAsync("dispatch", "status")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("masters", "resume", "one")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("dispatch", "pause")).ExitCode);
        Assert.Contains("paused", (await RunAsync("dispatch", "status")).Output, StringComparison.Ordinal);
        Assert.Contains("salt.call", (await RunAsync("actions", "kinds")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCodes.Usage, "actions", "frobnicate")]
    [InlineData(ExitCodes.Usage, "actions", "show", "twelve")]
    [InlineData(ExitCodes.Usage, "actions", "list", "--output", "xml")]
    [InlineData(ExitCodes.Usage, "actions", "list", "--status", "Done")]
    [InlineData(ExitCodes.Usage, "actions", "schedule", "nonsense", "--glob", "*")]
    [InlineData(ExitCodes.Usage, "actions", "schedule", "ping", "--glob", "*", "--batch", "some")]
    [InlineData(ExitCodes.Usage, "actions", "schedule", "ping", "--glob", "*", "--arg", "novalue")]
    [InlineData(ExitCodes.NotFound, "actions", "watch", "999999")]
    public async Task What_goes_wrong_is_said_on_the_error_stream_and_by_the_exit_code(int code, params string[] args)
    {
        var run = await RunAsync(args);
        Assert.Equal(code, run.ExitCode);
        Assert.NotEmpty(run.Error);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Without_a_token_or_a_server_the_exit_code_tells_which()
    {
        var stranger = await CliRun.OfAsync("actions", "list", "--server", server.Address.ToString());
        Assert.Equal(ExitCodes.NotAllowed, stranger.ExitCode);
        var reader = await CliRun.OfAsync(
            "dispatch", "pause", "--server", server.Address.ToString(), "--token",
            await server.CreateTokenAsync(PermissionNames.Read));
        Assert.Equal(ExitCodes.NotAllowed, reader.ExitCode);
        Assert.Contains("'admin'", reader.Error, StringComparison.Ordinal);
        var nobody = await CliRun.OfAsync("actions", "list", "--server", "http://127.0.0.1:1");
        Assert.Equal(ExitCodes.NotReachable, nobody.ExitCode);
        Assert.Equal(ExitCodes.Usage, (await CliRun.OfAsync("actions", "list", "--server", "nowhere")).ExitCode);
    }

    [Fact]
    public async Task A_token_may_stand_in_a_file()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, server.AdminToken + "\n");
        var run = await CliRun.OfAsync("actions", "kinds", "--server", server.Address.ToString(), "--token-file", file);
        Assert.Equal((ExitCodes.Ok, ""), (run.ExitCode, run.Error));
        File.Delete(file);
    }

    [Fact]
    public void Client_commands_know_the_contract_and_nothing_of_the_server()
    {
        var folder = Path.Combine(RepositoryRoot(), "src", "Cli", "Client");
        var offenders = Directory.GetFiles(folder, "*.cs")
            .Where(file => File.ReadAllText(file).Contains("Saltern.Server", StringComparison.Ordinal));
        Assert.Empty(offenders);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Saltern.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    private Task<CliRun> RunAsync(params string[] args) =>
        CliRun.OfAsync([.. args, "--server", server.Address.ToString(), "--token", server.AdminToken]);
}
