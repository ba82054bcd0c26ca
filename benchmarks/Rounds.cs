using System.Diagnostics;

namespace Saltern.Bench;

/// <summary>
/// Runs kinds of the same work in turn, several rounds of them, so that what slows the machine for a while slows all of
/// them, and takes the median of each.
/// </summary>
internal static class Rounds
{
    /// <summary>Each arm says how long the part of it that counts took.</summary>
    public static async Task<Series[]> RunAsync(int rounds, params (string Name, Func<Task<TimeSpan>> RunAsync)[] arms)
    {
        var taken = arms.Select(_ => new List<double>()).ToArray();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var (index, arm) in arms.Index())
            {
                taken[index].Add((await arm.RunAsync()).TotalSeconds);
                Ground.Say($"  round {round} of {rounds}, {arm.Name}: {Figure.Number(taken[index][^1])} s");
            }
        }

        return [.. taken.Select(values => new Series(values))];
    }

    public static async Task<TimeSpan> TimeAsync(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed;
    }
}
