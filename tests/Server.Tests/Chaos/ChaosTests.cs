using Saltern.Chaos;

namespace Saltern.Server.Tests.Chaos;

/// <summary>
/// A short run of <c>./chaos</c>: three nodes, two masters and their database break at the moments that the seed says,
/// and no target is lost, runs twice or stands wrong, and no minion has other channels than its migrations came to.
/// SALTERN_CHAOS_SEED takes another seed.
/// </summary>
public sealed class ChaosTests
{
    [Fact]
    public async Task Whatever_breaks_no_target_is_lost_runs_twice_or_stands_wrong()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SALTERN_CHAOS_SEED"), out var given) ? given : 1;
        var result = await ChaosRun.RunAsync(Options(seed), TimeProvider.System, _ => { }, CancellationToken.None);

        Assert.True(result.IsRight, ChaosTable.Of(result));
    }

    internal static ChaosOptions Options(int seed) => new()
    {
        Length = TimeSpan.FromSeconds(30), Seed = seed, Minions = 40,
    };
}
