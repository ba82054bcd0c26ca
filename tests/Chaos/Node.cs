using Saltern.Rig;

namespace Saltern.Chaos;

/// <summary>One node: <c>saltern server</c> as a process that is killed, frozen and started again.</summary>
internal sealed class Node(string folder, string settings, string database, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(300);

    private ChildProcess? process;
    private volatile Uri? address;

    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "saltern.dll");

    /// <summary>Where it listens; null while it does not run.</summary>
    public Uri? Address => address;

    /// <summary>It ran, nobody killed it, and it is gone.</summary>
    public bool HasDied => address is not null && process is { HasEnded: true };

    /// <summary>
    /// Tries until it listens, as whoever supervises a service does: without its database it may not start.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            await EndAsync();
            process = await ChildProcess.StartAsync(
                folder, Program, "server", "--config", settings, "--database", database, "--listen",
                "http://127.0.0.1:0");
            try
            {
                address = new Uri(await process.ReadAsync("saltern listens on", clock, cancellationToken));
                return;
            }
            catch (InvalidOperationException) when (clock.GetElapsedTime(started) < TimeSpan.FromMinutes(2))
            {
                await Task.Delay(BetweenTries, clock, cancellationToken);
            }
        }
    }

    public async Task KillAsync()
    {
        address = null;
        if (process is not null)
        {
            await process.SignalAsync("KILL");
        }
    }

    public Task FreezeAsync() => process?.SignalAsync("STOP") ?? Task.CompletedTask;

    public Task ThawAsync() => process?.SignalAsync("CONT") ?? Task.CompletedTask;

    public IEnumerable<string> LastWords() => process?.LastWords() ?? [];

    public ValueTask DisposeAsync() => new(EndAsync());

    private async Task EndAsync()
    {
        await KillAsync();
        if (process is not null)
        {
            await process.DisposeAsync();
            process = null;
        }
    }
}
