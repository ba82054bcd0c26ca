using System.Collections.Concurrent;
using System.Globalization;
using Saltern.Rig;

namespace Saltern.Simulation;

/// <summary>
/// Whole-server runs of one seed each. SALTERN_SEED=n replays one; the nightly ones are <c>./simulate</c>'s.
/// </summary>
public sealed class SimulationTests(PostgresServer postgres)
{
    /// <summary>How many run in <c>./test</c>; in eight of them minions are migrated.</summary>
    private const int Fixed = 18;

    [Fact]
    public Task Whatever_a_seed_breaks_the_rules_hold_and_all_settles_in_the_end() =>
        Number("SALTERN_SEED") is { } seed ? RunAsync(seed, seed) : RunAsync(1, Fixed);

    [Fact]
    public async Task The_same_seed_takes_the_same_steps()
    {
        var one = await new SeededRun(postgres).RunAsync(7);
        var other = await new SeededRun(postgres).RunAsync(7);
        Assert.Equal(one, other);
    }

    [Fact(Explicit = true)]
    public Task The_seeds_of_a_night() => RunAsync(
        Number("SALTERN_SEED_FROM") ?? 1, (Number("SALTERN_SEED_FROM") ?? 1) + (Number("SALTERN_SEEDS") ?? 1_000) - 1);

    /// <summary>Two at a time: each has a database of its own, and waits for it much of the time.</summary>
    private async Task RunAsync(int first, int last)
    {
        ConcurrentQueue<string> failures = [];
        await Parallel.ForEachAsync(
            Enumerable.Range(first, last - first + 1), new ParallelOptions { MaxDegreeOfParallelism = 2 },
            async (seed, _) =>
            {
                try
                {
                    await new SeededRun(postgres).RunAsync(seed);
                }
                catch (InvalidOperationException failure)
                {
                    failures.Enqueue(failure.ToString());
                    await Console.Error.WriteLineAsync(failure.Message);
                }

                if (seed % 20 == 0)
                {
                    await Console.Error.WriteLineAsync($"seed {seed}: {failures.Count} failed so far");
                }
            });
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
    }

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : null;
}
