using System.Text.Json;

namespace Saltern.Contract;

/// <summary>An action with all that was ordered and how far it is.</summary>
public sealed record ActionDetail
{
    public required ActionSummary Summary { get; init; }

    /// <summary>The arguments as they were ordered.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>The target as it was ordered.</summary>
    public required TargetRequest Target { get; init; }

    /// <summary>Whether the minions are found when the action starts.</summary>
    public required bool ResolveAtStart { get; init; }

    /// <summary>When the minions were found; null while they are still to be.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Targets not picked up by this time are skipped.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    public int? BatchSize { get; init; }

    public int? BatchPercent { get; init; }

    /// <summary>How long a minion may take until it counts as not answering.</summary>
    public required int DeadlineSeconds { get; init; }

    /// <summary>
    /// The latest orders concerning this action, newest first; what the server did about many minions in many steps is
    /// one line for ten minutes.
    /// </summary>
    public required IReadOnlyList<OrderLine> Orders { get; init; }
}
