using System.Text.Json;

namespace Saltern.Contract;

/// <summary>An order: what to do, on which minions, and when.</summary>
public sealed record ActionRequest
{
    /// <summary>The kind of action, for example <c>state.apply</c>; <c>GET /api/v1/kinds</c> lists them.</summary>
    public string? Kind { get; init; }

    /// <summary>The arguments of that kind, an object; may be left out where the kind needs none.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>Which minions.</summary>
    public TargetRequest? Target { get; init; }

    /// <summary>A note for those who read the list later.</summary>
    public string? Description { get; init; }

    /// <summary>Not before this time; at once when left out.</summary>
    public DateTimeOffset? EarliestAt { get; init; }

    /// <summary>Targets not picked up by this time are skipped.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>At most so many targets in flight at a time.</summary>
    public int? BatchSize { get; init; }

    /// <summary>At most this percentage of the targets in flight at a time (1 to 100).</summary>
    public int? BatchPercent { get; init; }

    /// <summary>
    /// How long a minion may take until it counts as not answering; each kind has a value of its own.
    /// </summary>
    public int? DeadlineSeconds { get; init; }

    /// <summary>
    /// A target whose minion cannot be reached waits so long after its pick-up, seven days unless the server's settings
    /// say otherwise; then it fails.
    /// </summary>
    public int? GiveUpAfterSeconds { get; init; }

    /// <summary>
    /// How often an attempt that is known to have come to nothing is made in all (1 to 20): 3 for what is safe to
    /// repeat, else 1.
    /// </summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Find the minions of the target when the action starts instead of now.</summary>
    public bool? ResolveAtStart { get; init; }
}
