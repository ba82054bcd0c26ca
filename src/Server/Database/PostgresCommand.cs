using System.Diagnostics;

namespace Saltern.Server.Database;

/// <summary>
/// Runs PostgreSQL's programs and the few system commands around them as the user the cluster belongs to: the user
/// <c>postgres</c> when we are root (PostgreSQL refuses root), else ourselves.
/// </summary>
internal static class PostgresCommand
{
    public const string Account = "postgres";

    public static bool AsAccount => Environment.IsPrivilegedProcess;

    public static ProcessStartInfo For(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (AsAccount)
        {
            start.UserName = Account;
            start.Environment["HOME"] = "/";
        }

        // Messages are read by us and by people who search for them: always in English.
        start.Environment["LC_ALL"] = "C.UTF-8";
        return start;
    }

    /// <summary>Runs a short command to its end and returns what it printed.</summary>
    public static string Run(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(For(program, arguments))
            ?? throw new PostgresMissingException($"{program} could not be started.");
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Trim()
            : throw new PostgresMissingException(
                $"{program} ended with code {process.ExitCode}: {errors.GetAwaiter().GetResult().Trim()}");
    }
}
