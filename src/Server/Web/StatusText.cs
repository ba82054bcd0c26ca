using System.Globalization;
using System.Text;
using Saltern.Contract;

namespace Saltern.Server.Web;

/// <summary>How statuses are called and coloured, and how numbers are written: the same on every page.</summary>
internal static class StatusText
{
    /// <summary>The order in which targets' statuses are shown: what is done comes before what is to be done.</summary>
    public static IReadOnlyList<string> Order { get; } =
    [
        TargetStatusNames.Completed, TargetStatusNames.Failed, TargetStatusNames.Skipped, TargetStatusNames.Cancelled,
        TargetStatusNames.PickedUp, TargetStatusNames.Queued,
    ];

    /// <summary>PickedUp becomes "Picked up"; the others are words already.</summary>
    public static string Of(string status)
    {
        var text = new StringBuilder(status.Length + 2);
        foreach (var letter in status)
        {
            if (text.Length > 0 && char.IsUpper(letter))
            {
                text.Append(' ').Append(char.ToLowerInvariant(letter));
            }
            else
            {
                text.Append(letter);
            }
        }

        return text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text.ToString(1, text.Length - 1);
    }

    public static string Slug(string status) =>
        new([.. status.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant)]);

    public static int Count(StatusCounts counts, string status) => status switch
    {
        TargetStatusNames.Queued => counts.Queued,
        TargetStatusNames.PickedUp => counts.PickedUp,
        TargetStatusNames.Completed => counts.Completed,
        TargetStatusNames.Failed => counts.Failed,
        TargetStatusNames.Cancelled => counts.Cancelled,
        TargetStatusNames.Skipped => counts.Skipped,
        _ => 0,
    };

    /// <summary>1234567 as 1,234,567: people compare lengths before they read digits.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>1 target, 2 targets.</summary>
    public static string Some(long number, string thing) => $"{Number(number)} {thing}{(number == 1 ? "" : "s")}";

    /// <summary>A refusal of a slice as a sentence.</summary>
    public static string Sentence(string text) =>
        text.Length == 0 ? "" : $"{char.ToUpperInvariant(text[0])}{text[1..].TrimEnd('.')}.";

    /// <summary>Whole percent, never 100 before all is done nor 0 once something is.</summary>
    public static int Percent(int part, int whole) => whole == 0 ? 0
        : part == whole ? 100
        : part == 0 ? 0
        : Math.Clamp((int)(100L * part / whole), 1, 99);
}
