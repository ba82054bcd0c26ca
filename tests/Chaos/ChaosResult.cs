namespace Saltern.Chaos;

/// <summary>What came of a run.</summary>
internal sealed record ChaosResult
{
    public required ChaosOptions Options { get; init; }

    public required Verdict Verdict { get; init; }

    public required int Actions { get; init; }

    public required int Targets { get; init; }

    /// <summary>How many targets ended in each status.</summary>
    public required IReadOnlyDictionary<string, int> Statuses { get; init; }

    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    public required (int Taken, int Refused, int Unanswered) Orders { get; init; }

    /// <summary>From the last fault until the last target was final; null: not within the limit.</summary>
    public required TimeSpan? SettledAfter { get; init; }

    public bool IsRight => Verdict.IsRight && Targets > 0;
}
