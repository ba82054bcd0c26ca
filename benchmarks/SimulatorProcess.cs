using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Saltern.Rig;
using Saltern.Simulator;
using Saltern.Simulator.Faults;

namespace Saltern.Bench;

/// <summary>
/// A simulated master in a process of its own: this program started a second time, so that what the simulation costs
/// is not counted as the server's.
/// </summary>
internal sealed class SimulatorProcess : IAsyncDisposable
{
    public const string Verb = "simulate";

    private const string Ready = "simulated master: ";

    private readonly ChildProcess process;
    private readonly HttpClient control;

    private SimulatorProcess(ChildProcess process, SimulatorOptions options, string api, string controlAddress)
    {
        this.process = process;
        Options = options;
        Api = api;
        control = new HttpClient { BaseAddress = new Uri(controlAddress) };
    }

    public SimulatorOptions Options { get; }

    public string Api { get; }

    public static async Task<SimulatorProcess> StartAsync(
        Ground ground, SimulatorOptions options, CancellationToken cancellationToken)
    {
        var process = await ChildProcess.StartAsync(
            ground.Folder, typeof(SimulatorProcess).Assembly.Location, Verb, JsonSerializer.Serialize(options));
        var addresses = (await process.ReadAsync(Ready, ground.Clock, cancellationToken)).Split(' ');
        return new SimulatorProcess(process, options, addresses[0], addresses[1]);
    }

    /// <summary>The whole of the second process.</summary>
    public static async Task<int> RunAsync(string settings)
    {
        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        await SimulatorHost.RunAsync(
            JsonSerializer.Deserialize<SimulatorOptions>(settings)!, TimeProvider.System, NullLoggerFactory.Instance,
            master => Console.WriteLine($"{Ready}{master.Api} {master.Control}"), stop.Token);
        return 0;
    }

    public async Task SetFaultAsync(Fault fault, CancellationToken cancellationToken)
    {
        using var answer = await control.PutAsJsonAsync($"/faults/{fault.Name}", fault, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task ClearFaultsAsync(CancellationToken cancellationToken)
    {
        using var answer = await control.DeleteAsync("/faults", cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        control.Dispose();
        await process.DisposeAsync();
    }
}
