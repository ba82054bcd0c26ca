using System.Diagnostics;
using Saltern.Rig;

namespace Saltern.Bench;

/// <summary>
/// Runs the benchmarks that were asked for and says whether the limits hold. A run of all of them at full size is
/// written down.
/// </summary>
internal static class BenchProgram
{
    private static readonly IBenchmark[] All =
    [
        new ScheduleBenchmark(), new SettleBenchmark(), new InsertBenchmark(), new VisibleBenchmark(),
        new ReturnerBenchmark(), new WholeRunBenchmark(), new ScaleBenchmark(), new WatchBenchmark(),
        new HousekeepingBenchmark(), new ServicePackBenchmark(), new PreparedClaimBenchmark(),
        new DueChangesBenchmark(),
    ];

    public static async Task<int> RunAsync(string[] args, TimeProvider clock)
    {
        var quick = args.Contains("--quick");
        var names = args.Where(arg => arg != "--quick").ToList();
        if (names.FirstOrDefault(name => All.All(benchmark => benchmark.Name != name)) is { } unknown)
        {
            await Console.Error.WriteLineAsync(
                $"There is no benchmark '{unknown}'. Usage: ./bench [--quick] [NAME…], with the names "
                + string.Join(", ", All.Select(benchmark => benchmark.Name)));
            return 2;
        }

        var chosen = All.Where(benchmark => names.Count == 0 || names.Contains(benchmark.Name)).ToList();
        using var interrupted = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            interrupted.Cancel();
        };
        await using var ground = Ground.Create(quick ? Sizes.Quick : Sizes.Full, clock);
        var report = new Report(await Machine.LookAsync(ground, clock, interrupted.Token), judged: !quick);
        foreach (var benchmark in chosen)
        {
            await RunOneAsync(benchmark, ground, report, interrupted.Token);
            if (!quick && names.Count == 0)
            {
                // After each, so that a run that is broken off has not measured in vain.
                await File.WriteAllTextAsync(Report.ResultsFile, report.AsMarkdown(), interrupted.Token);
            }
        }

        Console.Out.WriteLine(report.AsTable());
        return report.AllHold ? 0 : 1;
    }

    private static async Task RunOneAsync(
        IBenchmark benchmark, Ground ground, Report report, CancellationToken cancellationToken)
    {
        Ground.Say($"{benchmark.Name}: {benchmark.What}");
        var watch = Stopwatch.StartNew();
        try
        {
            report.Add(benchmark, await benchmark.RunAsync(ground, cancellationToken), watch.Elapsed);
        }
        catch (Exception problem) when (problem is UnfinishedWorkException or InvalidOperationException)
        {
            // The others can still be measured; this one counts as a limit that does not hold.
            Ground.Say($"{benchmark.Name}: {problem.Message}");
            var undone = new Figure("the work was done", problem.Message, Figure.Everything, false);
            report.Add(benchmark, [undone], watch.Elapsed);
        }
    }
}
