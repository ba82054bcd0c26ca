namespace Saltern.Simulator.Functions;

/// <summary>One execution function of the simulated minions.</summary>
internal sealed record SaltFunction(string Name, Func<FunctionCall, FunctionResult> Run)
{
    /// <summary>How long it runs, beyond the minion's latency.</summary>
    public Func<FunctionCall, TimeSpan>? Duration { get; init; }

    /// <summary>What is done at once when the call begins; it gets the time at which the call will end.</summary>
    public Action<FunctionCall, DateTimeOffset>? Begin { get; init; }

    /// <summary>
    /// What becomes of the call at the time of its end where the minion's process did not live to see it.
    /// </summary>
    public Action<FunctionCall>? Outlive { get; init; }

    /// <summary>At most one of the functions with the same lock runs on a minion at a time.</summary>
    public FunctionLock Lock { get; init; }

    /// <summary>The outputter that the return names.</summary>
    public string? Out { get; init; }

    /// <summary>Parameters in order; fewer or more than these is an error of the caller's.</summary>
    public string[] Parameters { get; init; } = [];

    /// <summary>How many of the parameters must be given.</summary>
    public int Required { get; init; }

    /// <summary>Takes any number of positional arguments.</summary>
    public bool TakesMore { get; init; }

    /// <summary>Takes any keyword.</summary>
    public bool TakesKeywords { get; init; }
}
