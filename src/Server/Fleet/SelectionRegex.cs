namespace Saltern.Server.Fleet;

/// <summary>
/// Regular expressions as PostgreSQL reads them. Salt matches with Python's re.match, which is anchored at the start
/// only, and with flags at the very start of the expression.
/// </summary>
internal static class SelectionRegex
{
    /// <summary>
    /// Salt lower-cases both pattern and value of a grain; the flag does the same without turning <c>\D</c> into
    /// <c>\d</c>.
    /// </summary>
    public const string IgnoreCase = "(?i)";

    public static string ForGlob(string glob) => $@"\A(?:{SaltGlob.ToRegex(glob)})\Z";

    public static string ForRegex(string regex) => regex.StartsWith(IgnoreCase, StringComparison.Ordinal)
        ? IgnoreCase + Anchored(regex[IgnoreCase.Length..])
        : Anchored(regex);

    public static string ForGrainRegex(string regex) => regex.StartsWith(IgnoreCase, StringComparison.Ordinal)
        ? ForRegex(regex)
        : IgnoreCase + Anchored(regex);

    private static string Anchored(string regex) => $@"\A(?:{regex})";
}
