using System.CommandLine.Parsing;
using System.Globalization;

namespace Saltern.Cli.Client;

/// <summary>
/// Reads a time. With a zone (Z, +02:00) it is that moment; without one it is meant in this machine's zone, and refused
/// where that is no moment at all or two of them: an hour that summer time skips or repeats must not be guessed.
/// </summary>
internal static class TimeArgument
{
    public static DateTimeOffset? Parse(ArgumentResult result) => Parse(result, TimeZoneInfo.Local);

    private static DateTimeOffset? Parse(ArgumentResult result, TimeZoneInfo zone)
    {
        var (time, problem) = Read(result.Tokens[0].Value, zone);
        if (problem is not null)
        {
            result.AddError(problem);
        }

        return time;
    }

    /// <summary>The moment, or what is wrong with the text.</summary>
    public static (DateTimeOffset? Time, string? Problem) Read(string text, TimeZoneInfo zone)
    {
        if (!DateTime.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind | DateTimeStyles.AllowWhiteSpaces,
            out var time))
        {
            return (null, $"'{text}' is not a time such as 2026-03-01T08:00 or 2026-03-01T08:00:00Z.");
        }

        if (time.Kind != DateTimeKind.Unspecified)
        {
            return (new DateTimeOffset(time.ToUniversalTime()), null);
        }

        if (zone.IsInvalidTime(time))
        {
            return (null, $"There is no '{text}' in {zone.Id}: clocks go forward over it. Give the time with its zone, "
                + "such as 2026-03-29T01:30:00Z.");
        }

        if (zone.IsAmbiguousTime(time))
        {
            var both = zone.GetAmbiguousTimeOffsets(time).OrderDescending()
                .Select(offset => new DateTimeOffset(time, offset).ToString(
                    "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
            return (null, $"'{text}' comes twice in {zone.Id}: say which, {string.Join(" or ", both)}.");
        }

        return (new DateTimeOffset(time, zone.GetUtcOffset(time)).ToUniversalTime(), null);
    }
}
