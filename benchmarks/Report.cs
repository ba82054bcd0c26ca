using System.Globalization;
using System.Text;

namespace Saltern.Bench;

/// <summary>Collects the figures of a run and shows them with their limits.</summary>
internal sealed class Report(Machine machine, bool judged)
{
    public const string ResultsFile = "benchmarks/RESULTS.md";

    private readonly List<(IBenchmark Benchmark, IReadOnlyList<Figure> Figures, TimeSpan Took)> parts = [];

    /// <summary>At quick sizes only work that was not done counts.</summary>
    public bool AllHold => parts.SelectMany(part => part.Figures).All(figure => Verdict(figure) != "NO");

    public void Add(IBenchmark benchmark, IReadOnlyList<Figure> figures, TimeSpan took) =>
        parts.Add((benchmark, figures, took));

    public string AsTable()
    {
        var rows = parts
            .SelectMany(part => part.Figures.Select(
                figure => new[] { part.Benchmark.Name, figure.What, figure.Measured, figure.Limit, Verdict(figure) }))
            .Prepend(["", "what", "measured", "limit", "holds"])
            .ToList();
        var widths = Enumerable.Range(0, 5).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return string.Join('\n', rows.Select(
            row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }

    public string AsMarkdown()
    {
        var text = new StringBuilder("# Results of `./bench`\n\n");
        text.Append("Written by the run itself; what each figure is made of stands beside it as median, least to most.")
            .Append("\n\n");
        text.Append("| | |\n|---|---|\n");
        text.AppendJoin('\n', machine.Lines.Select(line => $"| {line.Name} | {line.Value} |")).Append('\n');
        foreach (var (benchmark, figures, took) in parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {benchmark.Name}\n\n{benchmark.What}\n\n");
            text.Append("| what | measured | limit | holds |\n|---|---|---|---|\n");
            text.AppendJoin('\n', figures.Select(
                figure => $"| {figure.What} | {figure.Measured} | {figure.Limit} | {Verdict(figure)} |"));
            text.Append(CultureInfo.InvariantCulture, $"\n\nIt ran for {took.TotalSeconds:0} s.\n");
        }

        return text.ToString();
    }

    private string Verdict(Figure figure) => figure.Holds switch
    {
        null => "",
        false when judged || figure.Limit == Figure.Everything => "NO",
        true when judged => "yes",
        _ => "not judged",
    };
}
