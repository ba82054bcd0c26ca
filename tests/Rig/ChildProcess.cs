using System.Diagnostics;
using System.Globalization;

namespace Saltern.Rig;

/// <summary>
/// A program of ours in a process of its own, its output in a file. Its parent is a shell that waits for the end of its
/// input, which is this process: however badly this one ends, none of them is left running.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const string WatchdogScript = """
        log=$1; shift
        trap : INT TERM HUP
        "$@" </dev/null >"$log" 2>&1 &
        child=$!
        echo $child
        exec 2>/dev/null
        cat >/dev/null
        kill -TERM $child
        kill -CONT $child
        wait $child
        """;

    private readonly Process watchdog;
    private readonly string log;

    private ChildProcess(Process watchdog, string log, int id)
    {
        this.watchdog = watchdog;
        this.log = log;
        Id = id;
    }

    public int Id { get; }

    /// <summary>Whether it has ended; the shell has not taken note of that yet, so the id is not used again.</summary>
    public bool HasEnded
    {
        get
        {
            try
            {
                var status = File.ReadAllText($"/proc/{Id}/stat");
                return status[status.LastIndexOf(')')..].StartsWith(") Z", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    /// <summary>The same dotnet as this process, which may be a program with a host of its own.</summary>
    private static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet"
        ? path
        : "dotnet";

    /// <summary>Runs an assembly of ours with the same dotnet as this one.</summary>
    public static async Task<ChildProcess> StartAsync(string folder, string assembly, params string[] arguments)
    {
        var log = Path.Combine(folder, $"{Path.GetRandomFileName()}.log");
        var start = new ProcessStartInfo(
            "sh", ["-c", WatchdogScript, "watchdog", log, Dotnet, assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var watchdog = Process.Start(start)!;
        var id = await watchdog.StandardOutput.ReadLineAsync() ?? "";
        return new ChildProcess(watchdog, log, int.Parse(id, CultureInfo.InvariantCulture));
    }

    /// <summary>Waits for a line of output that begins so, and gives the rest of it.</summary>
    public async Task<string> ReadAsync(string beginning, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            var ended = HasEnded;
            var lines = File.Exists(log) ? await File.ReadAllLinesAsync(log, cancellationToken) : [];
            if (lines.FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } found)
            {
                return found[beginning.Length..].Trim();
            }

            if (ended || clock.GetElapsedTime(started) > TimeSpan.FromMinutes(2))
            {
                throw new InvalidOperationException(
                    $"a process did not start; it said: {string.Join(" / ", lines.TakeLast(5))}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
        }
    }

    /// <summary>Sends a signal by its name: KILL, STOP, CONT.</summary>
    public async Task SignalAsync(string name)
    {
        var id = Id.ToString(CultureInfo.InvariantCulture);
        using var sending = Process.Start("sh", ["-c", "kill -\"$1\" \"$2\" 2>/dev/null", "signal", name, id]);
        await sending.WaitForExitAsync();
    }

    /// <summary>What it has written so far, for the message that something went wrong.</summary>
    public IEnumerable<string> LastWords() => File.Exists(log) ? File.ReadLines(log).TakeLast(10) : [];

    public async ValueTask DisposeAsync()
    {
        watchdog.StandardInput.Close();
        await watchdog.WaitForExitAsync();
        watchdog.Dispose();
    }
}
