using System.Text;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Makes a reason out of what a minion said: one line, of bounded length, without anything that a database's text or
/// a terminal cannot hold.
/// </summary>
internal static class ReasonText
{
    /// <summary>What a list of thousands of targets can show and a person can read.</summary>
    public const int MaxLength = 400;

    private const char Cut = '…';

    /// <summary>The text on one line and at most so long.</summary>
    public static string Short(string text, int maxLength = MaxLength)
    {
        var line = new StringBuilder(Math.Min(text.Length, maxLength + 2));
        var pendingSpace = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) || Rune.IsWhiteSpace(rune))
            {
                pendingSpace = line.Length > 0;
                continue;
            }
            if (line.Length + rune.Utf16SequenceLength + (pendingSpace ? 1 : 0) > maxLength)
            {
                return Cropped(line, maxLength);
            }
            line.Append(pendingSpace ? " " : "").Append(rune.ToString());
            pendingSpace = false;
        }
        return line.ToString();
    }

    /// <summary>The first line with something on it; empty when there is none.</summary>
    public static string FirstLine(string text) => Lines(text).FirstOrDefault("");

    /// <summary>The last line with something on it; empty when there is none.</summary>
    public static string LastLine(string text)
    {
        var end = text.AsSpan().TrimEnd();
        var start = end.LastIndexOfAny('\n', '\r') + 1;
        return end[start..].Trim().ToString();
    }

    /// <summary>The lines with something on them, without the space around.</summary>
    public static IEnumerable<string> Lines(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var length = text.AsSpan(start).IndexOfAny('\n', '\r');
            var end = length < 0 ? text.Length : start + length;
            var line = text.AsSpan(start, end - start).Trim().ToString();
            start = end + 1;
            if (line.Length > 0)
            {
                yield return line;
            }
        }
    }

    /// <summary>A number with its noun: <c>1 package</c>, <c>2 packages</c>.</summary>
    public static string Number(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static string Cropped(StringBuilder line, int maxLength)
    {
        // Half of a pair must not be left at the end.
        line.Length = Math.Min(line.Length, Math.Max(maxLength - 1, 0));
        if (line.Length > 0 && char.IsHighSurrogate(line[^1]))
        {
            line.Length--;
        }
        return line.Append(Cut).ToString();
    }
}
