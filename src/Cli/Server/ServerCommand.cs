using System.CommandLine;
using Microsoft.Extensions.Logging;
using Saltern.Server;
using Saltern.Server.Database;

namespace Saltern.Cli.Server;

/// <summary><c>saltern server</c>: runs until it is told to end.</summary>
internal static class ServerCommand
{
    private static readonly Option<string?> Listen = new("--listen")
    {
        Description = "Addresses to listen on, separated by semicolons; else http://127.0.0.1:8070.",
    };

    private static readonly Option<bool> Paused = new("--paused")
    {
        Description = "Start with dispatch paused.",
    };

    public static Command Create(CliOutput output)
    {
        var command = new Command("server", "Run the server until it is told to end (Ctrl-C, SIGTERM)");
        foreach (var option in ServerSettings.All.Append(Listen).Append(Paused))
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, output, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CliOutput output, CancellationToken cancellationToken)
    {
        var more = new List<KeyValuePair<string, string?>>();
        if (parsed.GetValue(Listen) is { } urls)
        {
            more.Add(KeyValuePair.Create("Listen:Urls", (string?)urls));
        }

        if (parsed.GetValue(Paused))
        {
            more.Add(KeyValuePair.Create("Dispatch:StartPaused", (string?)"true"));
        }

        var settings = ServerSettings.Load(parsed, [.. more]);
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole());
        await using var postgres = ServerSettings.NamesDatabase(settings)
            ? null
            : await PrivatePostgres.StartAsync(
                ServerSettings.DataFolder(settings), loggers.CreateLogger<PrivatePostgres>(), cancellationToken);
        if (postgres is not null)
        {
            settings = ServerSettings.WithDatabase(settings, postgres.ConnectionString);
        }

        await using var server = await SalternServer.StartAsync(settings.AddTo, change: null, cancellationToken);
        output.Error.WriteLine($"saltern listens on {server.Address}");
        await server.WaitForShutdownAsync(cancellationToken);
        return ExitCodes.Ok;
    }
}
