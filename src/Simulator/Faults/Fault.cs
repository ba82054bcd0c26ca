namespace Saltern.Simulator.Faults;

/// <summary>One fault that is set, with whom it strikes, how often, and how hard.</summary>
public sealed record Fault
{
    /// <summary>One of <see cref="FaultNames"/>.</summary>
    public string Name { get; init; } = "";

    /// <summary>Strikes in this share of the cases, 0 to 1; drawn from the seed and the names in the case.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>Strikes so many times, then it is gone. Null: until it is cleared.</summary>
    public int? Count { get; init; }

    /// <summary>Glob of minion ids, or several with commas. Null: all.</summary>
    public string? Minion { get; init; }

    /// <summary>Glob of function names, or several with commas. Null: all.</summary>
    public string? Function { get; init; }

    /// <summary>How long, where the fault has a length.</summary>
    public double Seconds { get; init; }

    /// <summary>How much, for big-output.</summary>
    public long Bytes { get; init; }

    /// <summary>What, for return-garbage: JSON.</summary>
    public string? Body { get; init; }

    internal TimeSpan Length => TimeSpan.FromSeconds(Seconds);
}
