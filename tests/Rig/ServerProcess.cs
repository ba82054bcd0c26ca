using System.Diagnostics;
using System.Text;

namespace Saltern.Rig;

/// <summary>A server as its own process, so that it can be killed at any moment.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder said;

    private ServerProcess(Process process, StringBuilder said)
    {
        this.process = process;
        this.said = said;
    }

    public static async Task<ServerProcess> StartAsync(
        IEnumerable<(string Key, string Value)> settings, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "saltern.dll"), "server", "--listen", "http://127.0.0.1:0"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (key, value) in settings)
        {
            var name = "SALTERN__" + key.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant();
            start.Environment[name] = value;
        }

        var said = new StringBuilder();
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        DataReceivedEventHandler hear = (_, line) =>
        {
            lock (said)
            {
                said.AppendLine(line.Data);
            }

            if (line.Data?.Contains("saltern listens on", StringComparison.Ordinal) == true)
            {
                listens.TrySetResult();
            }
        };
        process.ErrorDataReceived += hear;
        process.OutputDataReceived += hear;
        process.Exited += (_, _) =>
            listens.TrySetException(new InvalidOperationException("the server ended at its start"));
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var server = new ServerProcess(process, said);
        try
        {
            await listens.Task.WaitAsync(TimeSpan.FromMinutes(2), cancellationToken);
            return server;
        }
        catch (Exception problem)
        {
            await server.KillAsync();
            throw new InvalidOperationException($"The server did not start: {server.Said}", problem);
        }
    }

    /// <summary>Everything it has printed so far.</summary>
    public string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    /// <summary>SIGKILL: no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }
}
