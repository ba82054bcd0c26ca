using System.Globalization;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// Job ids as Salt makes and reads them, and the small numbers that stand for them in minions' memories.
/// </summary>
internal sealed class Jids(TimeProvider clock)
{
    private static readonly string[] Months =
        ["", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    private readonly Lock gate = new();
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private DateTimeOffset last;

    /// <summary>The time in UTC to the microsecond, one later if that one is taken.</summary>
    public string Next()
    {
        lock (gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            last = now > last ? now : last.AddMicroseconds(1);
            return last.UtcDateTime.ToString("yyyyMMddHHmmssffffff", CultureInfo.InvariantCulture);
        }
    }

    public int NumberOf(string jid)
    {
        lock (gate)
        {
            if (!numbers.TryGetValue(jid, out int number))
            {
                number = numbers.Count + 1;
                numbers.Add(jid, number);
            }

            return number;
        }
    }

    /// <summary>A minion writes a file named like the jid, and Salt has two words of its own.</summary>
    public static bool CanReturn(string jid) =>
        !jid.Contains('/', StringComparison.Ordinal) && jid is not ("req" or "nocache");

    /// <summary>
    /// Salt's jid_to_time: "2026, Nov 22 03:48:28.116492", empty if the jid has another length. Throws, as Salt does,
    /// when the month is none.
    /// </summary>
    public static string StartTime(string jid)
    {
        if (jid.Length != 20 && (jid.Length <= 21 || jid[20] != '_'))
        {
            return "";
        }

        int month = int.Parse(jid.AsSpan(4, 2), NumberStyles.None, CultureInfo.InvariantCulture);
        return $"{jid[..4]}, {Months[month]} {jid[6..8]} {jid[8..10]}:{jid[10..12]}:{jid[12..14]}.{jid[14..20]}";
    }

    public static string Stamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture);
}
