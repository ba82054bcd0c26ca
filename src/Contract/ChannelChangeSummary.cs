namespace Saltern.Contract;

/// <summary>A change of a minion's channels by a run of a migration.</summary>
public sealed record ChannelChangeSummary
{
    public required long Id { get; init; }

    public required long Action { get; init; }

    public required string Minion { get; init; }

    /// <summary>The minion's key domain.</summary>
    public required string Domain { get; init; }

    public required string RunId { get; init; }

    public required bool DryRun { get; init; }

    /// <summary>Open, Unknown, Reverting, Reverted or Kept.</summary>
    public required string State { get; init; }

    public string? Reason { get; init; }

    /// <summary>What a person has to look at.</summary>
    public string? Attention { get; init; }

    /// <summary>
    /// What was found on the minion after a real run that succeeded: Verified, Differs, or NotYet; null for others.
    /// </summary>
    public string? Verification { get; init; }

    /// <summary>What differs, or why it is not verified yet.</summary>
    public string? Found { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
}
