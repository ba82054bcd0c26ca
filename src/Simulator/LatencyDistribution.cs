using Saltern.Simulator.Jobs;

namespace Saltern.Simulator;

/// <summary>
/// How long a minion takes from receiving a job to having delivered its return, on top of the time the function itself
/// takes. Log-normal, as answers of a fleet are: most near the median, a few far out. Drawn from the seed, the minion
/// and the jid, so that a run repeats whatever the order of events.
/// </summary>
public sealed record LatencyDistribution
{
    /// <summary>Every minion answers at once.</summary>
    public static LatencyDistribution None { get; } = new() { Median = TimeSpan.Zero };

    /// <summary>Half of the answers are faster than this.</summary>
    public TimeSpan Median { get; init; } = TimeSpan.FromMilliseconds(120);

    /// <summary>
    /// Width of the distribution: 0 is none; with 0.5 one answer in twenty takes more than 2.3 medians.
    /// </summary>
    public double Sigma { get; init; } = 0.5;

    /// <summary>No answer takes longer than this.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(10);

    internal TimeSpan Draw(ulong seed, int minion, int job)
    {
        if (Median <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        double radius = Math.Sqrt(-2 * Math.Log(1 - Dice.Fraction(seed, (ulong)minion, (ulong)job, 1)));
        double normal = radius * Math.Cos(2 * Math.PI * Dice.Fraction(seed, (ulong)minion, (ulong)job, 2));
        double ticks = Median.Ticks * Math.Exp(Sigma * normal);
        return ticks >= Longest.Ticks ? Longest : TimeSpan.FromTicks((long)ticks);
    }
}
