using System.CommandLine;

namespace Saltern.Cli.Client;

/// <summary>Makes a command of a method; what every client command shares.</summary>
internal static class Commands
{
    /// <summary>What a client command does: call the server, show the answer, give the exit code.</summary>
    public delegate Task<int> Run(ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken);

    public static Command Of(
        string name, string description, CliOutput output, Run run, params ReadOnlySpan<Symbol> symbols)
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

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = Connection.Open(parsed);
            return await run(parsed, api, output, cancellationToken);
        });
        return command;
    }

    public static Command Group(string name, string description, params ReadOnlySpan<Command> commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands)
        {
            group.Subcommands.Add(command);
        }

        return group;
    }

    /// <summary>A part of a path or query, whatever is in it.</summary>
    public static string Escaped(string? text) => Uri.EscapeDataString(text ?? "");

    /// <summary>A query of what was given.</summary>
    public static string Query(params IEnumerable<(string Name, string? Value)> parts) => string.Join(
        '&', parts.Where(one => one.Value is not null).Select(one => $"{one.Name}={Escaped(one.Value)}"));

    public static string Time(DateTimeOffset? time) =>
        time?.ToUniversalTime().ToString(
            "yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) ?? "";
}
