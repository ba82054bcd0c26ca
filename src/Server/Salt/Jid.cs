using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Saltern.Server.Salt;

/// <summary>
/// A job id of our own: 20 digits that form a real UTC date and time, then our tag.
/// The master takes any jid a caller sends, but one whose month is none breaks jobs.list_jobs for everybody. The tag
/// keeps ours apart from those a master makes (20 digits alone), and tells a return of ours from the column `jid`.
/// The six digits after the second are a serial of the database's sequence and no time: uniqueness comes from there.
/// </summary>
internal readonly record struct Jid
{
    /// <summary>What follows the 20 digits. The trigger on the job cache looks for the same text.</summary>
    public const string Tag = "_s1";

    /// <summary>Serials run from 0 to this and then start again.</summary>
    public const int MaxSerial = 999_999;

    private const int Digits = 20;
    private const string TimeFormat = "yyyyMMddHHmmss";

    private readonly string? value;

    private Jid(string value) => this.value = value;

    public string Value => value ?? "";

    /// <summary>When the jid was made, to the second.</summary>
    public DateTimeOffset CreatedAt => TryReadTime(Value, out var time)
        ? time
        : throw new InvalidOperationException("An empty jid has no time.");

    public static Jid Create(DateTimeOffset now, int serial)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(serial);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(serial, MaxSerial);
        var time = now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        return new Jid($"{time}{serial:D6}{Tag}");
    }

    public static Jid Parse(string text) => TryParse(text, out var jid)
        ? jid
        : throw new FormatException($"'{text}' is not a jid of ours: 20 digits that form a date and time, then {Tag}.");

    public static bool TryParse([NotNullWhen(true)] string? text, out Jid jid)
    {
        var ours = text is not null
            && text.Length == Digits + Tag.Length
            && text.EndsWith(Tag, StringComparison.Ordinal)
            && !text.AsSpan(0, Digits).ContainsAnyExceptInRange('0', '9')
            && TryReadTime(text, out _);
        jid = ours ? new Jid(text!) : default;
        return ours;
    }

    public static bool IsOurs([NotNullWhen(true)] string? text) => TryParse(text, out _);

    public override string ToString() => Value;

    private static bool TryReadTime(string text, out DateTimeOffset time)
    {
        time = default;
        return text.Length >= TimeFormat.Length && DateTimeOffset.TryParseExact(
            text.AsSpan(0, TimeFormat.Length), TimeFormat, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out time);
    }
}
