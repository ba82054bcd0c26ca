using Saltern.Server.Salt;

namespace Saltern.Server.Fleet;

/// <summary>
/// The keys that masters reported, in columns as a statement takes them: one row for each master and minion id. A
/// master may have several keys of one id; the best status counts, and a denied key beside another is a conflict.
/// </summary>
internal sealed class KeyReports
{
    private readonly List<(string Master, string Minion, KeyStatus Status, string? Fingerprint, bool Conflict)> rows =
        [];

    public List<string> Masters { get; } = [];

    public int Count => rows.Count;

    public string[] MasterColumn => [.. rows.Select(row => row.Master)];

    public string[] MinionColumn => [.. rows.Select(row => row.Minion)];

    public string[] StatusColumn => [.. rows.Select(row => Word(row.Status))];

    public string?[] FingerprintColumn => [.. rows.Select(row => row.Fingerprint)];

    public bool[] ConflictColumn => [.. rows.Select(row => row.Conflict)];

    public static string Word(KeyStatus status) => status.ToString().ToLowerInvariant();

    public void Add(string master, MinionKeys keys)
    {
        Masters.Add(master);
        var listed = keys.Accepted.Select(key => (key, KeyStatus.Accepted))
            .Concat(keys.Pending.Select(key => (key, KeyStatus.Pending)))
            .Concat(keys.Rejected.Select(key => (key, KeyStatus.Rejected)))
            .Concat(keys.Denied.Select(key => (key, KeyStatus.Denied)));
        foreach (var same in listed.GroupBy(entry => entry.key.Minion))
        {
            var (best, status) = same.MinBy(entry => entry.Item2);
            var conflict = same.Select(entry => entry.key.Fingerprint).OfType<string>().Distinct().Count() > 1;
            rows.Add((master, same.Key.Value, status, best.Fingerprint, conflict));
        }
    }
}
