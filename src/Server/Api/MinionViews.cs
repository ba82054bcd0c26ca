using System.Globalization;
using System.Text.Json;
using Saltern.Contract;
using Saltern.Server.Fleet;
using MinionDetail = Saltern.Contract.MinionDetail;

namespace Saltern.Server.Api;

/// <summary>The fleet's words as REST says them.</summary>
internal static class MinionViews
{
    public static MinionSummary SummaryOf(MinionRow row) => new()
    {
        Id = row.MinionId,
        Domain = row.KeyDomain,
        Key = row.Key.Value,
        Master = row.Master,
        KeyStatus = row.KeyStatus.ToString().ToLowerInvariant(),
        FingerprintConflict = row.FingerprintConflict,
        Os = row.Os,
        OsRelease = row.OsRelease,
        SaltVersion = row.SaltVersion,
        LastContactAt = row.LastContactAt,
        Presence = row.Presence.ToString().ToLowerInvariant(),
    };

    public static MinionDetail DetailOf(Fleet.MinionDetail detail) => new()
    {
        Summary = SummaryOf(detail.Row),
        KeyFingerprint = detail.KeyFingerprint,
        OsFamily = detail.OsFamily,
        KernelRelease = detail.KernelRelease,
        CpuArch = detail.CpuArch,
        IpAddresses = detail.IpAddresses,
        Grains = JsonElement.Parse(detail.Grains),
        RefreshedAt = detail.RefreshedAt,
        FirstSeenAt = detail.FirstSeenAt,
        Groups = detail.Groups,
    };

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
