namespace Saltern.Server.Fleet;

/// <summary>Everything known about one minion.</summary>
/// <param name="Grains">JSON as it was learnt.</param>
/// <param name="Groups">Groups by hand that it is a member of.</param>
internal sealed record MinionDetail(
    MinionRow Row,
    string? KeyFingerprint,
    string? OsFamily,
    string? KernelRelease,
    string? CpuArch,
    IReadOnlyList<string> IpAddresses,
    string? BootId,
    string Grains,
    DateTimeOffset? RefreshedAt,
    DateTimeOffset FirstSeenAt,
    IReadOnlyList<string> Groups);
