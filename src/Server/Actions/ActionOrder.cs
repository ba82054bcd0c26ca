using System.Text.Json;
using Saltern.Server.Fleet;

namespace Saltern.Server.Actions;

/// <summary>
/// What a user orders. Everything that is null takes the default that the option of the same name gives.
/// </summary>
internal sealed record ActionOrder
{
    public required string Kind { get; init; }

    public required JsonElement Arguments { get; init; }

    public required TargetSelection Target { get; init; }

    public string? Description { get; init; }

    /// <summary>Not before this time; now when null.</summary>
    public DateTimeOffset? EarliestAt { get; init; }

    /// <summary>Targets still queued at this time are skipped.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>At most so many targets in flight at any moment.</summary>
    public int? BatchSize { get; init; }

    /// <summary>At most this part of all targets in flight at any moment, in percent, at least one.</summary>
    public int? BatchPercent { get; init; }

    /// <summary>How long one minion may take; the kind's own deadline when null.</summary>
    public int? DeadlineSeconds { get; init; }

    /// <summary>
    /// A target that nothing was heard of for so long after its pick-up fails; the option of this name when null.
    /// </summary>
    public int? GiveUpAfterSeconds { get; init; }

    /// <summary>
    /// How often an attempt that came to nothing is made in all; when null, once for what is not safe to repeat, else
    /// what the option of this name gives.
    /// </summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Find the minions when the action starts rather than now.</summary>
    public bool ResolveAtStart { get; init; }
}
