using System.CommandLine;

namespace Saltern.Cli.Server;

/// <summary>Makes a command that works on the server's database directly.</summary>
internal static class OwnCommand
{
    public delegate Task<int> Run(ParseResult parsed, OwnDatabase database, CancellationToken cancellationToken);

    public static Command Of(string name, string description, Run run, params ReadOnlySpan<Symbol> symbols)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Option option)
            {
                command.Options.Add(option);
            }
            else
            {
                command.Arguments.Add((Argument)symbol);
            }
        }

        foreach (var option in ServerSettings.All)
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var database = await OwnDatabase.OpenAsync(parsed, cancellationToken);
            return await run(parsed, database, cancellationToken);
        });
        return command;
    }
}
