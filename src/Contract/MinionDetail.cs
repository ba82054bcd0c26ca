using System.Text.Json;

namespace Saltern.Contract;

/// <summary>All that is known of a minion.</summary>
public sealed record MinionDetail
{
    public required MinionSummary Summary { get; init; }

    public string? KeyFingerprint { get; init; }

    public string? OsFamily { get; init; }

    public string? KernelRelease { get; init; }

    public string? CpuArch { get; init; }

    public required IReadOnlyList<string> IpAddresses { get; init; }

    /// <summary>Its grains as last told.</summary>
    public required JsonElement Grains { get; init; }

    public DateTimeOffset? RefreshedAt { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required IReadOnlyList<string> Groups { get; init; }
}
