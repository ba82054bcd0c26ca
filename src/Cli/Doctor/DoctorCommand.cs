using System.CommandLine;
using Saltern.Cli.Client;

namespace Saltern.Cli.Doctor;

/// <summary><c>saltern doctor</c>: what is at risk with a master's settings, key by key, without a server.</summary>
internal static class DoctorCommand
{
    private static readonly Argument<string> Settings = new("settings")
    {
        Description = "The folder with the file 'master' and master.d, or one file. Else /etc/salt.",
        DefaultValueFactory = _ => "/etc/salt",
    };

    public static Command Create(CliOutput output)
    {
        var command = new Command(
            "doctor",
            "Say what is at risk with a Salt master's settings. Exit codes: 0 nothing, 1 something, 2 not readable");
        command.Arguments.Add(Settings);
        command.SetAction(parsed => Run(parsed, output));
        return command;
    }

    private static int Run(ParseResult parsed, CliOutput output)
    {
        var settings = MasterSettings.Read(parsed.GetValue(Settings)!);
        var findings = MasterDiagnosis.Of(settings);
        if (Connection.WantsJson(parsed))
        {
            output.Json(findings);
        }
        else
        {
            output.Table(
                ["key", "good", "found"],
                findings.Select(one => (IReadOnlyList<string?>)[one.Key, one.Good ? "yes" : "NO", one.Says]));
            output.Error.WriteLine($"read: {string.Join(", ", settings.Files)}");
        }

        return findings.All(one => one.Good) ? ExitCodes.Ok : ExitCodes.ActionFailed;
    }
}
