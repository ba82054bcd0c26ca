namespace Saltern.Contract;

/// <summary>A minion as a line of a list.</summary>
public sealed record MinionSummary
{
    /// <summary>Salt's id of the minion.</summary>
    public required string Id { get; init; }

    /// <summary>The key domain it belongs to; (domain, id) is unique.</summary>
    public required string Domain { get; init; }

    /// <summary>Our own key of the minion.</summary>
    public required long Key { get; init; }

    /// <summary>The master it was last seen on.</summary>
    public string? Master { get; init; }

    /// <summary>accepted, pending, rejected, denied or deleted.</summary>
    public required string KeyStatus { get; init; }

    /// <summary>The same id was seen with another key: look before you accept.</summary>
    public required bool FingerprintConflict { get; init; }

    public string? Os { get; init; }

    public string? OsRelease { get; init; }

    public string? SaltVersion { get; init; }

    public DateTimeOffset? LastContactAt { get; init; }

    /// <summary>present (heard from lately), absent or unknown.</summary>
    public required string Presence { get; init; }
}
