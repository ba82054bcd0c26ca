using System.ComponentModel;
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

    public static string AccountName => AsAccount ? Account : Environment.UserName;

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

    /// <summary>Runs a short command to its end and returns what it printed; anything but code 0 throws.</summary>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var (code, output) = await TryRunAsync(program, arguments, cancellationToken);
        return code == 0
            ? output
            : throw new PostgresMissingException($"{program} ended with code {code}: {output}");
    }

    /// <summary>Runs a short command to its end and returns its code with all that it printed.</summary>
    public static async Task<(int Code, string Output)> TryRunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Start(program, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        var printed = (await output).Trim();
        return (process.ExitCode, process.ExitCode == 0 ? printed : $"{printed}\n{await errors}".Trim());
    }

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        try
        {
            return Process.Start(For(program, arguments))!;
        }
        catch (Win32Exception e)
        {
            var account = AsAccount ? $" as the user '{Account}'" : "";
            throw new PostgresMissingException(
                $"{program} could not be started{account}: {e.Message}. Debian's package brings both: "
                + "sudo apt-get install postgresql.");
        }
    }
}
