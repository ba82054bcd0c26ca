using Saltern.Server.Actions;

namespace Saltern.Server.Dispatch;

/// <summary>An action that may be handed out now, as one master sees it.</summary>
/// <param name="Ready">
/// Queued targets on this master that could be claimed at once; counted up to the free places.
/// </param>
/// <param name="Total">All its targets.</param>
/// <param name="InFlight">Its picked-up targets, on all masters.</param>
internal sealed record DueAction(
    ActionId Id,
    string Kind,
    DateTimeOffset EarliestAt,
    DateTimeOffset ExpiresAt,
    TimeSpan Deadline,
    int? BatchSize,
    int? BatchPercent,
    bool AsksFirst,
    int Ready,
    int Total,
    int InFlight);
