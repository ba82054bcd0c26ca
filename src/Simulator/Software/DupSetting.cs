namespace Saltern.Simulator.Software;

/// <summary>What runs of <c>zypper dup</c> on a minion come to, as a test wants it.</summary>
public sealed record DupSetting
{
    /// <summary>How runs end.</summary>
    public DupOutcome Outcome { get; init; }

    /// <summary>How dry runs end, where that is something else.</summary>
    public DupOutcome? DryRun { get; init; }

    /// <summary>How long a run takes.</summary>
    public double Seconds { get; init; }

    /// <summary>How many packages a run removes.</summary>
    public int Removals { get; init; } = 1;

    /// <summary>
    /// The products after a real run that succeeds. Null: those of now, in the version that the channels' labels name.
    /// </summary>
    public IReadOnlyList<SimulatedProduct>? Products { get; init; }

    internal DupOutcome OutcomeOf(bool dryRun) => dryRun ? DryRun ?? Outcome : Outcome;

    internal void Check()
    {
        if (Seconds is not (>= 0 and <= 86_400) || Removals is < 0 or > 1000)
        {
            throw new ArgumentException(
                $"dup: seconds is {Seconds}, removals is {Removals}; allowed: 0 to 86400 and 0 to 1000.");
        }
    }
}
