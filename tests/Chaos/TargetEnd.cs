namespace Saltern.Chaos;

/// <summary>How a target stands when all is over, as the server's tables say.</summary>
internal sealed record TargetEnd
{
    public required long Action { get; init; }

    /// <summary>The key domain, here the same as the master.</summary>
    public required string Master { get; init; }

    public required string Minion { get; init; }

    public required bool SafeToRepeat { get; init; }

    /// <summary>
    /// A migration: its minion keeps a record of the run, which tells where the job itself broke off.
    /// </summary>
    public bool IsOnRecord { get; init; }

    public required string Status { get; init; }

    public bool Guessed { get; init; }

    public bool RanAnyway { get; init; }

    public DateTimeOffset? SettledAt { get; init; }

    public string? Reason { get; init; }

    /// <summary>How often somebody ordered to reschedule the action.</summary>
    public int Reschedules { get; init; }

    /// <summary>On record, the first one first. A busy one did not run.</summary>
    public IReadOnlyList<AttemptMade> Attempts { get; init; } = [];

    public override string ToString() =>
        $"action {Action}, {Master}/{Minion}: {Status}{(Guessed ? " (guessed)" : "")}, {Reason ?? "no reason"}";
}
