using System.Globalization;
using System.Text.Json;
using Saltern.Contract;
using Saltern.Server.Fleet;
using MinionDetail = Saltern.Contract.MinionDetail;

namespace Saltern.Server.Api;

/// <summary>The fleet in the words of the contract, as REST says them and the console shows them.</summary>
internal static class FleetViews
{
    /// <summary>As deep as grains are taken.</summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = GrainsText.DeepestNesting };

    public static string Word(Presence presence) => presence.ToString().ToLowerInvariant();

    public static MinionSummary SummaryOf(MinionRow row) => new()
    {
        Id = row.MinionId,
        Domain = row.KeyDomain,
        Key = row.Key.Value,
        Master = row.Master,
        KeyStatus = KeyReports.Word(row.KeyStatus),
        FingerprintConflict = row.FingerprintConflict,
        Os = row.Os,
        OsRelease = row.OsRelease,
        SaltVersion = row.SaltVersion,
        LastContactAt = row.LastContactAt,
        Presence = Word(row.Presence),
    };

    public static MinionDetail DetailOf(Fleet.MinionDetail detail) => new()
    {
        Summary = SummaryOf(detail.Row),
        KeyFingerprint = detail.KeyFingerprint,
        OsFamily = detail.OsFamily,
        KernelRelease = detail.KernelRelease,
        CpuArch = detail.CpuArch,
        IpAddresses = detail.IpAddresses,
        Grains = JsonElement.Parse(detail.Grains, Deep),
        RefreshedAt = detail.RefreshedAt,
        FirstSeenAt = detail.FirstSeenAt,
        Groups = detail.Groups,
    };

    public static MasterSummary SummaryOf(MasterStatus master, string? address = null) => new()
    {
        Name = master.Name,
        Domain = master.KeyDomain,
        Address = address,
        Health = Masters.Word(master.Health),
        HealthReason = master.HealthReason,
        HealthAt = master.HealthAt,
        Failures = master.Failures,
        UnavailableUntil = master.UnavailableUntil,
        PausedAt = master.Paused?.At,
        PausedBy = master.Paused?.By,
        PauseReason = master.Paused?.Reason,
    };

    public static GroupSummary SummaryOf(MinionGroup group) =>
        new(group.Name, group.Rule, group.Members, group.CreatedBy, group.CreatedAt);

    public static Page<MinionSummary> PageOf(MinionPage.Found page) =>
        new([.. page.Minions.Select(SummaryOf)], page.Next is { } next ? Write(next) : null);

    /// <summary>A cursor as text; ids hold anything but a comma.</summary>
    public static MinionCursor? Read(string text)
    {
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        return comma > 0
            && long.TryParse(text.AsSpan(0, comma), NumberStyles.None, CultureInfo.InvariantCulture, out var key)
            ? new MinionCursor(text[(comma + 1)..], new MinionKey(key))
            : null;
    }

    private static string Write(MinionCursor cursor) => $"{cursor.Key},{cursor.MinionId}";
}
