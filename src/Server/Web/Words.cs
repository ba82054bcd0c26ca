using Saltern.Contract;
using Saltern.Server.Fleet;

namespace Saltern.Server.Web;

/// <summary>The fleet in the words of the contract, which pages share with REST.</summary>
internal static class Words
{
    public static string Of(Presence presence) => presence.ToString().ToLowerInvariant();

    public static MasterSummary SummaryOf(MasterStatus master) => new()
    {
        Name = master.Name,
        Domain = master.KeyDomain,
        Health = Masters.Word(master.Health),
        HealthReason = master.HealthReason,
        HealthAt = master.HealthAt,
        PausedAt = master.Paused?.At,
        PausedBy = master.Paused?.By,
        PauseReason = master.Paused?.Reason,
    };

    public static MinionSummary SummaryOf(MinionRow minion) => new()
    {
        Id = minion.MinionId,
        Domain = minion.KeyDomain,
        Key = minion.Key.Value,
        Master = minion.Master,
        KeyStatus = KeyReports.Word(minion.KeyStatus),
        FingerprintConflict = minion.FingerprintConflict,
        Os = minion.Os,
        OsRelease = minion.OsRelease,
        SaltVersion = minion.SaltVersion,
        LastContactAt = minion.LastContactAt,
        Presence = Of(minion.Presence),
    };
}
