using Saltern.Cli;

namespace Saltern.Server.Tests.Cli;

/// <summary>Runs the program in this process and keeps what it wrote.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    public static async Task<CliRun> OfAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var code = await CliProgram.RunAsync(
            args, new CliOutput(output, error, isTerminal: false), TimeProvider.System, patience.Token);
        return new CliRun(code, output.ToString(), error.ToString());
    }
}
