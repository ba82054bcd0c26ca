using System.Globalization;

namespace Saltern.Chaos;

/// <summary>
/// What goes wrong, and when: pure, from the seed. There is a lane for each node, for the database, for the calls to
/// each master and for the minions of each; in a lane one fault follows the other, and lanes know nothing of each
/// other, so that anything can meet anything.
/// </summary>
internal static class FaultPlan
{
    public static IReadOnlyList<IReadOnlyList<PlannedFault>> For(ChaosOptions options)
    {
        var lanes = new List<IReadOnlyList<PlannedFault>>();
        for (var node = 0; node < options.Nodes; node++)
        {
            lanes.Add(Lane(options, lanes.Count, FaultKinds.OfNodes, node, (5, 25), (0.2, 12)));
        }

        lanes.Add(Lane(options, lanes.Count, FaultKinds.OfDatabase, 0, (4, 20), (0.3, 3)));
        for (var master = 0; master < ChaosOptions.Masters.Count; master++)
        {
            lanes.Add(Lane(options, lanes.Count, FaultKinds.OfCalls, master, (3, 12), (1, 6)));
            lanes.Add(Lane(options, lanes.Count, FaultKinds.OfMinions, master, (2, 8), (2, 8)));
        }

        return lanes;
    }

    private static List<PlannedFault> Lane(
        ChaosOptions options, int lane, IReadOnlyList<string> kinds, int subject, (double From, double To) pause,
        (double From, double To) length)
    {
        var random = new Random((options.Seed * 31) + lane);
        var faults = new List<PlannedFault>();
        var at = Between(random, pause);
        while (at < options.Length)
        {
            var fault = new PlannedFault(
                at, Between(random, length), kinds[random.Next(kinds.Count)], subject,
                0.2 + (random.NextDouble() * 0.6), $"*{random.Next(10).ToString(CultureInfo.InvariantCulture)}");
            faults.Add(fault);
            at += fault.Length + Between(random, pause);
        }

        return faults;
    }

    private static TimeSpan Between(Random random, (double From, double To) seconds) =>
        TimeSpan.FromSeconds(seconds.From + (random.NextDouble() * (seconds.To - seconds.From)));
}
