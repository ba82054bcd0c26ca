using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saltern.Contract;
using Saltern.Rig;

namespace Saltern.Bench;

/// <summary>The server as it is shipped, in a process of its own, spoken to over REST.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly ChildProcess process;
    private readonly HttpClient client;

    private ServerProcess(ChildProcess process, Uri address, string token)
    {
        this.process = process;
        client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>The same configuration of the program as of this one.</summary>
    private static string Program => Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../../Saltern.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name,
        "saltern.dll"));

    public int ProcessId => process.Id;

    public static async Task<ServerProcess> StartAsync(
        Ground ground, string database, SimulatorProcess master, CancellationToken cancellationToken,
        params (string Key, object Value)[] masterSettings)
    {
        var passwordFile = Path.Combine(ground.Folder, $"{Path.GetRandomFileName()}.password");
        await File.WriteAllTextAsync(passwordFile, master.Options.Password, cancellationToken);
        var masterEntry = new Dictionary<string, object>
        {
            ["Name"] = master.Options.Name,
            ["Url"] = master.Api,
            ["Username"] = master.Options.User,
            ["PasswordFile"] = passwordFile,
        };
        foreach (var (key, value) in masterSettings)
        {
            masterEntry[key] = value;
        }

        var settings = Path.Combine(ground.Folder, $"{Path.GetRandomFileName()}.json");
        await File.WriteAllTextAsync(
            settings,
            JsonSerializer.Serialize(new
            {
                Masters = new[] { masterEntry },
                // The grains of a whole new fleet are a load of their own.
                Actions = new { RefreshNewMinions = false },
                Logging = new { LogLevel = new { Default = "Warning" } },
            }),
            cancellationToken);
        var token = await CreateTokenAsync(settings, database, cancellationToken);
        var process = await ChildProcess.StartAsync(
            ground.Folder, Program, "server", "--config", settings, "--database", database, "--listen",
            "http://127.0.0.1:0");
        var address = await process.ReadAsync("saltern listens on", ground.Clock, cancellationToken);
        return new ServerProcess(process, new Uri(address), token);
    }

    public async Task<long> ScheduleAsync(ActionRequest order, CancellationToken cancellationToken)
    {
        using var answer = await client.PostAsJsonAsync(
            "/api/v1/actions", order, ContractJson.Options, cancellationToken);
        return answer.IsSuccessStatusCode
            ? (await answer.Content.ReadFromJsonAsync<ActionScheduled>(ContractJson.Options, cancellationToken))!.Id
            : throw new UnfinishedWorkException(
                $"the order was refused: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }

    public async Task<ActionSummary> ReadActionAsync(long action, CancellationToken cancellationToken) =>
        (await client.GetFromJsonAsync<ActionDetail>(
            $"/api/v1/actions/{action}", ContractJson.Options, cancellationToken))!.Summary;

    public async Task<TargetSummary> ReadTargetAsync(long action, string minion, CancellationToken cancellationToken) =>
        (await client.GetFromJsonAsync<TargetDetail>(
            $"/api/v1/actions/{action}/targets/{minion}", ContractJson.Options, cancellationToken))!.Summary;

    /// <summary>The end of what it logged; only warnings and worse are.</summary>
    public IEnumerable<string> LastWords() => process.LastWords();

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await process.DisposeAsync();
    }

    private static async Task<string> CreateTokenAsync(
        string settings, string database, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            [
                Program, "token", "create", "--name", "bench", "--permission", PermissionNames.Admin,
                "--config", settings, "--database", database,
            ])
        {
            RedirectStandardOutput = true,
        };
        using var run = Process.Start(start)!;
        var token = await run.StandardOutput.ReadToEndAsync(cancellationToken);
        await run.WaitForExitAsync(cancellationToken);
        return run.ExitCode == 0 ? token.Trim() : throw new UnfinishedWorkException("no token could be made");
    }
}
