using System.Globalization;
using System.Text;

namespace Saltern.Server.Metrics;

/// <summary>Writes Prometheus's text format, version 0.0.4.</summary>
internal sealed class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder text = new();

    /// <summary>Begins a metric; its samples follow.</summary>
    public void Metric(string name, string type, string? help)
    {
        if (!string.IsNullOrEmpty(help))
        {
            text.Append("# HELP ").Append(name).Append(' ')
                .Append(help.Replace(@"\", @"\\", StringComparison.Ordinal)
                    .Replace("\n", @"\n", StringComparison.Ordinal))
                .Append('\n');
        }

        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    public void Sample(string name, IReadOnlyList<KeyValuePair<string, string>> labels, double value)
    {
        text.Append(name);
        if (labels.Count > 0)
        {
            text.Append('{')
                .AppendJoin(',', labels.Select(label => $"{label.Key}=\"{Escape(label.Value)}\""))
                .Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>A metric with one sample that has no label.</summary>
    public void Single(string name, string type, string help, double value)
    {
        Metric(name, type, help);
        Sample(name, [], value);
    }

    /// <summary>
    /// A name as Prometheus allows it: <c>saltern.returns.settled</c> becomes <c>saltern_returns_settled</c>.
    /// </summary>
    public static string NameOf(string instrument) =>
        string.Concat(instrument.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));

    public override string ToString() => text.ToString();

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Escape(string value) => value
        .Replace(@"\", @"\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", @"\n", StringComparison.Ordinal);
}
