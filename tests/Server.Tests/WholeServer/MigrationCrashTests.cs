using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Simulator.Software;
using Xunit;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>
/// Kills the server at random moments of migrations: before channels are recorded, between that and the call, while
/// minions run, before what they say is decided, and before channels are back. The seed is in the failure message;
/// SALTERN_CRASH_SEED replays it.
/// </summary>
public sealed class MigrationCrashTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Minions = 20;

    private readonly int seed = int.TryParse(Environment.GetEnvironmentVariable("SALTERN_CRASH_SEED"), out var given)
        ? given
        : Environment.TickCount;

    private MigrationScene scene = null!;

    public async ValueTask InitializeAsync()
    {
        scene = await MigrationScene.OpenAsync(postgres, Minions);
        await scene.Rig.Server.StopAsync(CancellationToken.None);
        var outcomes = Enum.GetValues<DupOutcome>();
        for (var minion = 1; minion <= Minions; minion++)
        {
            scene.Set(minion, new DupSetting { Outcome = outcomes[minion % outcomes.Length], Seconds = 0.5 });
        }
    }

    public async ValueTask DisposeAsync() => await scene.DisposeAsync();

    [Fact]
    public async Task At_rest_a_minion_has_the_target_channels_only_if_its_real_run_succeeded_or_changed_a_package()
    {
        (string, string)[] settings =
            [.. MigrationScene.Impatient, ("Dispatch:Lease", "00:00:05"), ("Dispatch:EvidenceGrace", "00:00:01")];
        var random = new Random(seed);
        foreach (var (kills, order) in new[] { (2, ""), (3, """, "dryRun": false""") })
        {
            var action = await scene.OrderAsync(order, deadlineSeconds: 4, batchSize: 10);
            for (var kill = 0; kill < kills; kill++)
            {
                await using var server = await scene.Rig.StartProcessAsync(settings);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 1_500)), TimeProvider.System);
                await server.KillAsync();
            }

            await using var last = await scene.Rig.StartProcessAsync(settings);
            await scene.UntilDecidedAsync(action);
            await CheckAsync(action);
            await last.KillAsync();
        }
    }

    private async Task CheckAsync(ActionId action)
    {
        var ends = await scene.EndsAsync(action);
        for (var minion = 1; minion <= Minions; minion++)
        {
            var runs = scene.Runs(minion);
            var arrived = runs.Any(
                run => !run.DryRun && (run.Changed || run.Outcome is "succeeded" or "nothing_to_do"));
            var end = ends[MigrationScene.Minion(minion)];
            Assert.True(
                arrived == end.EndsWith("new", StringComparison.Ordinal) && runs.Count(run => run.Changed) <= 1,
                $"seed {seed}: minion {minion}: {end}, {string.Join("; ", runs)}");
        }

        await scene.AssertRecordIsRealityAsync();
    }
}
