using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Saltern.Rig;
using Saltern.Simulator;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Ledger;
using Saltern.Simulator.Software;

namespace Saltern.Chaos;

/// <summary>
/// A simulated master with its minions: <c>saltern simulator</c> as a process, steered and read over its control port.
/// It is never killed, since its ledger is the truth that everything is compared with.
/// </summary>
internal sealed partial class Master : IAsyncDisposable
{
    private const int LedgerPage = 10_000;

    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly ChildProcess process;
    private readonly HttpClient control;

    private Master(ChildProcess process, string name, Match said)
    {
        this.process = process;
        Name = name;
        Api = said.Groups["api"].Value;
        User = said.Groups["user"].Value;
        Password = said.Groups["password"].Value;
        control = new HttpClient { BaseAddress = new Uri(said.Groups["control"].Value) };
    }

    public string Name { get; }

    public string Api { get; }

    public string User { get; }

    public string Password { get; }

    public static async Task<Master> StartAsync(
        string folder, string name, string jobCache, ChaosOptions options, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

        var process = await ChildProcess.StartAsync(
            folder, Node.Program, "simulator", "--name", name, "--job-cache", jobCache, "--minions",
            Text(options.Minions), "--latency-ms", "200", "--reboot-seconds", "3", "--seed", Text(options.Seed));
        var said = await process.ReadAsync($"simulated master {name}:", clock, cancellationToken);
        return new Master(process, name, Addresses().Match(said));
    }

    public async Task SetFaultAsync(Fault fault, CancellationToken cancellationToken)
    {
        using var answer = await control.PutAsJsonAsync($"/faults/{fault.Name}", fault, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Nothing happens where it is not set, as after one that has ended by itself.</summary>
    public async Task ClearFaultAsync(string name, CancellationToken cancellationToken)
    {
        using var answer = await control.DeleteAsync($"/faults/{name}", cancellationToken);
    }

    public async Task ClearFaultsAsync(CancellationToken cancellationToken)
    {
        using var answer = await control.DeleteAsync("/faults", cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task RestartMinionAsync(string minion, CancellationToken cancellationToken)
    {
        using var answer = await control.PostAsync($"/minions/{minion}/restart", null, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task SetSoftwareAsync(
        string minion, SoftwareSetting software, CancellationToken cancellationToken)
    {
        using var answer = await control.PutAsJsonAsync(
            $"/minions/{minion}/software", software, Wire, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<SoftwareView> ReadSoftwareAsync(string minion, CancellationToken cancellationToken) =>
        (await control.GetFromJsonAsync<SoftwareView>($"/minions/{minion}/software", Wire, cancellationToken))!;

    /// <summary>Jobs that still run and returns on their way.</summary>
    public async Task<int> PendingAsync(CancellationToken cancellationToken) =>
        (await control.GetFromJsonAsync<SimulatorCounts>("/stats", Wire, cancellationToken))!.Pending;

    public async Task<List<LedgerEntry>> ReadLedgerAsync(CancellationToken cancellationToken)
    {
        var entries = new List<LedgerEntry>();
        for (long? from = 0; from is not null;)
        {
            var page = await control.GetFromJsonAsync<Entries>(
                $"/ledger?from={from}&limit={LedgerPage}", Wire, cancellationToken);
            entries.AddRange(page!.Items);
            from = page.Next;
        }

        return entries;
    }

    public async ValueTask DisposeAsync()
    {
        control.Dispose();
        await process.SignalAsync("KILL");
        await process.DisposeAsync();
    }

    private sealed record Entries([property: JsonPropertyName("entries")] IReadOnlyList<LedgerEntry> Items, long? Next);

    [GeneratedRegex(
        @"salt-api (?<api>\S+) \(user (?<user>\S+), password (?<password>\S+)\), control (?<control>\S+)")]
    private static partial Regex Addresses();
}
