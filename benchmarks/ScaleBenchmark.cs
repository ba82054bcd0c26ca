namespace Saltern.Bench;

/// <summary>Whether a target costs more in a larger fleet.</summary>
internal sealed class ScaleBenchmark : IBenchmark
{
    /// <summary>What two runs of the very same differ by on a machine like this.</summary>
    private const double Tolerance = 1.15;

    public string Name => "scale";

    public string What =>
        "`state.apply` on whole fleets of different sizes, each with a server, a simulated master and a database of "
        + "its own; smaller fleets run more actions, so that each round has enough targets to measure. Cost per target "
        + $"in the largest fleet, in that of the smallest: must not grow, with {Tolerance - 1:P0} for what two equal "
        + "runs differ by.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        var stages = new List<LiveStage>();
        try
        {
            foreach (var minions in ground.Sizes.Fleets)
            {
                stages.Add(await LiveStage.StartAsync(ground, minions, cancellationToken));
                await stages[^1].WarmUpAsync(cancellationToken);
            }

            return Figures(await MeasureAsync(ground.Sizes, stages, cancellationToken));
        }
        finally
        {
            foreach (var stage in stages)
            {
                await stage.DisposeAsync();
            }
        }
    }

    private static async Task<IReadOnlyList<(int Minions, List<RunCost> Rounds)>> MeasureAsync(
        Sizes sizes, List<LiveStage> stages, CancellationToken cancellationToken)
    {
        var measured = stages.Select(stage => (stage.Minions, Rounds: new List<RunCost>())).ToList();
        for (var round = 0; round < sizes.WholeRuns; round++)
        {
            foreach (var (index, stage) in stages.Index())
            {
                await Ground.SettleDownAsync(stage.Database);
                var cost = default(RunCost);
                for (var run = 0; run < Math.Max(1, sizes.TargetsPerRound / stage.Minions); run++)
                {
                    cost += await stage.RunAsync("state.apply", cancellationToken);
                }

                measured[index].Rounds.Add(cost);
                Ground.Say($"  {stage.Minions:N0} minions: {cost}");
            }
        }

        return measured;
    }

    private static IReadOnlyList<Figure> Figures(IReadOnlyList<(int Minions, List<RunCost> Rounds)> measured) =>
    [
        .. measured.Select(fleet => Figure.Known(
            $"per 1,000 targets of a fleet of {fleet.Minions:N0}",
            $"{Of(fleet.Rounds, cost => cost.SecondsPerThousand).In("s")}; processor time of the server "
            + $"{Of(fleet.Rounds, cost => cost.ServerPerThousand).In("s")}; of PostgreSQL "
            + Of(fleet.Rounds, cost => cost.DatabasePerThousand).In("s"))),
        Grown("time", measured, cost => cost.SecondsPerThousand),
        Grown("processor time of the server", measured, cost => cost.ServerPerThousand),
        Grown("processor time of PostgreSQL", measured, cost => cost.DatabasePerThousand),
    ];

    private static Figure Grown(
        string what, IReadOnlyList<(int Minions, List<RunCost> Rounds)> measured, Func<RunCost, double> of) =>
        Figure.AtMost(
            $"{what} per target, of {measured[0].Minions:N0} to {measured[^1].Minions:N0} minions",
            Of(measured[^1].Rounds, of).Median / Of(measured[0].Rounds, of).Median, Tolerance, " times");

    private static Series Of(IEnumerable<RunCost> rounds, Func<RunCost, double> of) => new(rounds.Select(of));
}
