namespace Saltern.Contract;

/// <summary>A Salt master and how it is.</summary>
public sealed record MasterSummary
{
    public required string Name { get; init; }

    /// <summary>Masters that share keys belong to one key domain.</summary>
    public required string Domain { get; init; }

    /// <summary>Where its salt-api is; null for a master that is no longer in the settings.</summary>
    public string? Address { get; init; }

    /// <summary>unknown, up, unreachable or not allowed.</summary>
    public required string Health { get; init; }

    public string? HealthReason { get; init; }

    public DateTimeOffset? HealthAt { get; init; }

    /// <summary>How often it failed in a row; 0 again when it has taken a job.</summary>
    public int Failures { get; init; }

    /// <summary>
    /// Nothing is handed to it before this time, after failures; then it is looked whether it is back.
    /// </summary>
    public DateTimeOffset? UnavailableUntil { get; init; }

    /// <summary>Nothing is handed to it while it is paused.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    public string? PausedBy { get; init; }

    public string? PauseReason { get; init; }
}
