using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using Saltern.Server.Tests.Gates;

namespace Saltern.Server.Tests.Returner;

/// <summary>
/// A process of a master, as the returner sees it: Python with salt/returners/saltern.py loaded as Salt loads it, which
/// evaluates what a test says. It ends with its input, so also when the tests end badly.
/// </summary>
internal sealed class ReturnerProcess : IAsyncDisposable
{
    public const string Python = "/usr/bin/python3";

    private readonly Process process;
    private readonly Task<string> log;

    private ReturnerProcess(Process process)
    {
        this.process = process;
        log = process.StandardError.ReadToEndAsync();
    }

    public static string Folder { get; } = Path.Combine(SourceTree.Root, "tests/Server.Tests/Returner/Python");

    public int Id => process.Id;

    /// <summary>A process with these options of the master, beside those of the connection.</summary>
    public static ReturnerProcess Start(
        NpgsqlConnectionStringBuilder database, string spool, params (string Name, object Value)[] more)
    {
        var options = new Dictionary<string, object?>
        {
            ["id"] = "master1",
            ["returner.saltern.host"] = database.Host,
            ["returner.saltern.port"] = database.Port,
            ["returner.saltern.db"] = database.Database,
            ["returner.saltern.user"] = database.Username,
            ["returner.saltern.pass"] = database.Password,
            ["returner.saltern.spool"] = spool,
        };
        foreach (var (name, value) in more)
        {
            options[name] = value;
        }

        return new ReturnerProcess(Process.Start(new ProcessStartInfo(
            Python, [Path.Combine(Folder, "driver.py"), JsonSerializer.Serialize(options)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!);
    }

    /// <summary>What an expression of Python gives, as JSON.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        var answer = await AskAsync(expression);
        Assert.False(answer.TryGetProperty("error", out var error), $"{expression}: {error}");
        return answer.GetProperty("result");
    }

    public async Task<string> ErrorOfAsync(string expression) =>
        (await AskAsync(expression)).GetProperty("error").GetString()!;

    public async Task<double> MillisecondsOfAsync(string expression) =>
        (await AskAsync(expression)).GetProperty("milliseconds").GetDouble();

    public async Task<bool> UntilSpoolIsEmptyAsync() => (await EvaluateAsync("until_empty()")).GetBoolean();

    public void Kill() => process.Kill();

    /// <summary>Ends it and gives what it wrote into its log.</summary>
    public async Task<string> EndAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return await log;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        process.Dispose();
    }

    private async Task<JsonElement> AskAsync(string expression)
    {
        await process.StandardInput.WriteLineAsync(expression.ReplaceLineEndings(" "));
        await process.StandardInput.FlushAsync();
        var line = await process.StandardOutput.ReadLineAsync();
        if (line is null)
        {
            throw new InvalidOperationException($"The process ended: {await log}");
        }

        return JsonDocument.Parse(line).RootElement;
    }
}
