namespace Saltern.Server.Salt;

/// <summary>
/// Python's tracebacks for people: what was attempted, from the first line, and the exception, from the last.
/// </summary>
internal static class Traceback
{
    private const string Marker = "Traceback (most recent call last):";

    public static string Short(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length == 0)
        {
            return "";
        }
        return lines[0].EndsWith(Marker, StringComparison.Ordinal)
            ? $"{lines[0][..^Marker.Length]}{lines[^1]}"
            : lines[0];
    }
}
