namespace Saltern.Server.Fleet;

/// <summary>A minion as lists show it.</summary>
internal sealed record MinionRow
{
    public required MinionKey Key { get; init; }

    public required string MinionId { get; init; }

    public required string KeyDomain { get; init; }

    public required string? Master { get; init; }

    public required KeyStatus KeyStatus { get; init; }

    public required bool FingerprintConflict { get; init; }

    public required string? Os { get; init; }

    public required string? OsRelease { get; init; }

    public required string? SaltVersion { get; init; }

    public required Presence Presence { get; init; }

    public required DateTimeOffset? LastContactAt { get; init; }
}
