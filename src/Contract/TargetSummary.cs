namespace Saltern.Contract;

/// <summary>Where one minion stands with one action.</summary>
public sealed record TargetSummary
{
    /// <summary>Salt's id of the minion.</summary>
    public required string Minion { get; init; }

    /// <summary>The key domain it belongs to; (domain, minion) is unique.</summary>
    public required string Domain { get; init; }

    /// <summary>Our own key of the minion.</summary>
    public required long MinionKey { get; init; }

    /// <summary>Queued, PickedUp, Completed, Failed, Cancelled or Skipped.</summary>
    public required string Status { get; init; }

    /// <summary>The status is a guess (it never answered); the truth replaces it if it arrives.</summary>
    public required bool Guessed { get; init; }

    /// <summary>It ran although the target was cancelled or skipped.</summary>
    public required bool RanAnyway { get; init; }

    /// <summary>How many times it was submitted so far.</summary>
    public required int Attempt { get; init; }

    /// <summary>Queued, but not picked up before this time.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? PickedUpAt { get; init; }

    /// <summary>When it reached its final status.</summary>
    public DateTimeOffset? SettledAt { get; init; }

    /// <summary>Why it stands where it stands, in a sentence.</summary>
    public string? Reason { get; init; }
}
