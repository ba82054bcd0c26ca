namespace Saltern.Simulation;

/// <summary>A submission as it stood when it first left a node.</summary>
internal sealed record SentJob
{
    public required long Action { get; init; }

    public required bool IsAsk { get; init; }

    public required bool SafeToRepeat { get; init; }

    public required DateTimeOffset EarliestAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required bool IsCancelled { get; init; }

    public required IReadOnlyList<string> PickedUp { get; init; }

    public required int Times { get; init; }

    public required int MostAttempts { get; init; }

    public required DateTimeOffset FirstAt { get; init; }
}
