namespace Saltern.Contract;

/// <summary>An action as a line of a list.</summary>
public sealed record ActionSummary
{
    public required long Id { get; init; }

    /// <summary>The kind of action, for example <c>state.apply</c>.</summary>
    public required string Kind { get; init; }

    public string? Description { get; init; }

    /// <summary>Scheduled, Running, Halted, Completed, Failed or Cancelled.</summary>
    public required string Status { get; init; }

    /// <summary>Who ordered it.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>It does not start before this time.</summary>
    public required DateTimeOffset EarliestAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When it was cancelled; targets that were picked up by then still come to their own end.</summary>
    public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>When it was put out of sight; null while it is in the list.</summary>
    public DateTimeOffset? ArchivedAt { get; init; }

    public required StatusCounts Counts { get; init; }
}
