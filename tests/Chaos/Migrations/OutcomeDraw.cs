using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>What a run on a minion is to come to, drawn. Pure.</summary>
internal static class OutcomeDraw
{
    private static readonly (DupOutcome Outcome, int Weight)[] Weights =
    [
        (DupOutcome.Succeeded, 26), (DupOutcome.NothingToDo, 6), (DupOutcome.Conflict, 8), (DupOutcome.VendorChange, 5),
        (DupOutcome.RepositoryUnreachable, 6), (DupOutcome.HalfDone, 14), (DupOutcome.PackageGone, 8),
        (DupOutcome.Outlived, 10), (DupOutcome.Interrupted, 9), (DupOutcome.InterruptedUnchanged, 8),
    ];

    /// <param name="random">Decides.</param>
    /// <param name="mostSeconds">A run takes up to so long.</param>
    public static DupSetting Next(Random random, double mostSeconds)
    {
        var outcome = Outcome(random);
        return new DupSetting
        {
            Outcome = outcome,
            DryRun = random.Next(3) == 0 ? Outcome(random) : null,
            Seconds = Math.Round(random.NextDouble() * mostSeconds, 2),
            Removals = random.Next(5) == 0 ? 3 : 1,
        };
    }

    private static DupOutcome Outcome(Random random)
    {
        var drawn = random.Next(Weights.Sum(one => one.Weight));
        foreach (var (outcome, weight) in Weights)
        {
            if ((drawn -= weight) < 0)
            {
                return outcome;
            }
        }

        return DupOutcome.Succeeded;
    }
}
