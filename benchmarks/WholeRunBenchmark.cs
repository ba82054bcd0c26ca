using Saltern.Simulator.Faults;

namespace Saltern.Bench;

/// <summary>
/// One action on the whole fleet, from the order to the last status, with every part in its own process.
/// </summary>
internal sealed class WholeRunBenchmark : IBenchmark
{
    private const double MostMegabytes = 300;
    private const int ResultBytes = 20_000;

    public string Name => "whole";

    public string What =>
        "One `state.apply` on all minions of a simulated master that answers at once, ordered over REST, default "
        + "settings (at most 2,000 in flight); then results of 20 KB each, for a kind whose results are not read "
        + "(`state.apply`) and one whose are (`script.run`). Memory is the most the server's process ever had (VmHWM).";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        var minions = ground.Sizes.Targets;
        await using var stage = await LiveStage.StartAsync(ground, minions, cancellationToken);
        await stage.WarmUpAsync(cancellationToken);
        var runs = new List<RunCost>();
        for (var run = 0; run < ground.Sizes.WholeRuns; run++)
        {
            await Ground.SettleDownAsync(stage.Database);
            runs.Add(await stage.RunAsync("state.apply", cancellationToken));
            Ground.Say($"  {runs[^1]}");
        }

        var small = stage.PeakMegabytes();
        var (unread, unreadPeak) = await LargeAsync(stage, "state.apply", "{}", minions, cancellationToken);
        var (read, readPeak) = await LargeAsync(
            stage, "script.run", """{"script":"#!/bin/sh\necho hello\n"}""", 2L * minions, cancellationToken);
        return
        [
            Figure.Known($"{minions:N0} targets, whole run", new Series(runs.Select(run => run.Seconds)).In("s")),
            Figure.Known("processor time of the server per 1,000 targets", Cost(runs, run => run.ServerPerThousand)),
            Figure.Known("processor time of PostgreSQL per 1,000 targets", Cost(runs, run => run.DatabasePerThousand)),
            Figure.AtMost("most memory of the server", small, MostMegabytes, " MB"),
            Figure.Known($"with {ResultBytes / 1_000} KB results, not read", Describe(unread)),
            Figure.AtMost("most memory until then", unreadPeak, MostMegabytes, " MB"),
            Figure.Known($"with {ResultBytes / 1_000} KB results, read", Describe(read)),
            Figure.AtMost("most memory until then", readPeak, MostMegabytes, " MB"),
        ];
    }

    private static async Task<(RunCost Cost, double Peak)> LargeAsync(
        LiveStage stage, string kind, string arguments, long largeReturns, CancellationToken cancellationToken)
    {
        var big = new Fault { Name = FaultNames.BigOutput, Bytes = ResultBytes };
        await stage.Master.SetFaultAsync(big, cancellationToken);
        var cost = await stage.RunAsync(kind, cancellationToken, arguments);
        await stage.Master.ClearFaultsAsync(cancellationToken);
        var stored = await stage.Database.ScalarAsync<long>(
            "select count(*) from salt.salt_returns where jid like '%\\_s1' and octet_length(full_ret::text) > $1",
            ResultBytes);
        UnfinishedWorkException.Require(largeReturns, stored, "returns of that size");
        Ground.Say($"  {kind} with large results: {cost}");
        return (cost, stage.PeakMegabytes());
    }

    private static string Cost(IEnumerable<RunCost> runs, Func<RunCost, double> of) =>
        new Series(runs.Select(of)).In("s");

    private static string Describe(RunCost cost) =>
        $"{Figure.Number(cost.Seconds)} s; per 1,000 targets server {Figure.Number(cost.ServerPerThousand)} s, "
        + $"PostgreSQL {Figure.Number(cost.DatabasePerThousand)} s of processor time";
}
