using System.Text.Json;
using Saltern.Contract;
using Spectre.Console;

namespace Saltern.Cli;

/// <summary>Where commands write: results to the output, everything else to the error stream.</summary>
internal sealed class CliOutput(TextWriter output, TextWriter error, bool isTerminal)
{
    private static readonly JsonSerializerOptions Indented = new(ContractJson.Options) { WriteIndented = true };

    public TextWriter Out { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>Whether a person sees the output as it is written, so that it may move.</summary>
    public bool IsTerminal { get; } = isTerminal;

    public IAnsiConsole Console { get; } = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(output),
        Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
    });

    public static CliOutput OfProcess() => new(
        System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected);

    public void Json<T>(T value) => Out.WriteLine(JsonSerializer.Serialize(value, Indented));

    public void Line(string text) => Out.WriteLine(Printable(text, '\n'));

    /// <summary>For what a server or a minion said.</summary>
    public void ErrorLine(string text) => Error.WriteLine(Printable(text, '\n'));

    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string?>> rows)
    {
        if (!IsTerminal)
        {
            PlainTable(columns, [.. rows]);
            return;
        }

        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)));
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(Printable(cell)))]);
        }

        Console.Write(table);
    }

    /// <summary>Columns under each other, one line per row and nothing cut: what grep and awk want.</summary>
    private void PlainTable(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        var lines = rows.Select(row => row.Select(Printable).ToArray()).Prepend([.. columns]).ToList();
        var widths = Enumerable.Range(0, columns.Count).Select(i => lines.Max(line => line[i].Length)).ToArray();
        foreach (var line in lines)
        {
            Out.WriteLine(string.Join("  ", line.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }

    /// <summary>What a minion sent must not steer the terminal of whoever looks at it.</summary>
    private static string Printable(string? text) => Printable(text, ' ');

    private static string Printable(string? text, char kept) =>
        string.Concat((text ?? "").Select(letter => char.IsControl(letter) && letter != kept ? ' ' : letter));
}
