namespace Saltern.Contract;

/// <summary>Run final targets of an action once more.</summary>
public sealed record RescheduleRequest
{
    /// <summary><c>failed</c> (the default) or <c>all</c>.</summary>
    public string? Scope { get; init; }

    /// <summary>Not before this time; at once when left out.</summary>
    public DateTimeOffset? EarliestAt { get; init; }
}
