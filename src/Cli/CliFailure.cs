namespace Saltern.Cli;

/// <summary>A command cannot do what it was told: a sentence for the person, a code for the script.</summary>
internal sealed class CliFailure(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
