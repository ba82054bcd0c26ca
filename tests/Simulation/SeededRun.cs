using System.Globalization;
using Saltern.Rig;

namespace Saltern.Simulation;

/// <summary>
/// One seed from beginning to end: steps of time, passes, orders and faults, each drawn by the seed, the invariants
/// after each; then the faults stop. Nothing runs between two steps, so the seed is all there is to know about a run.
/// A node may still act on what it read before it slept, as a stopped process does; no sleep before a call outlasts
/// the time after which a job counts as lost: that is the residual risk, a process paused between two instructions.
/// </summary>
internal sealed class SeededRun(PostgresServer postgres)
{
    private const int Steps = 110;

    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(2);

    private readonly Dictionary<Standing, DateTimeOffset> asleepSince = [];

    /// <summary>Runs it and gives its steps; a broken rule is thrown with the seed and the steps up to there.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(int seed)
    {
        await using var world = await World.CreateAsync(postgres, seed);
        var (orders, faults, passes) = (new Orders(world), new FaultSteps(world), new Passes(world));
        try
        {
            for (var step = 1; step <= Steps; step++)
            {
                world.Note(string.Create(
                    CultureInfo.InvariantCulture, $"step {step} at {world.Clock.GetUtcNow():HH:mm:ss.fff}"));
                var reschedules = await StepAsync(world, orders, faults, passes);
                await world.TickAsync();
                await world.Watch.CheckAsync(reschedules);
            }

            await new Ending(world, orders, faults, passes).RunAsync();
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            throw new InvalidOperationException(
                $"seed {seed} (SALTERN_SEED={seed} replays it): {problem.Message}\n{string.Join('\n', world.Story)}\n"
                + $"seed {seed}: {problem.Message}",
                problem);
        }

        return world.Story;
    }

    private async Task<bool> StepAsync(World world, Orders orders, FaultSteps faults, Passes passes)
    {
        var awake = world.Nodes.Where(node => !node.Sleeps).ToList();
        var drawn = world.Random.Next(100);
        if (awake.Count == 0 || drawn >= 97)
        {
            await WakeOneAsync(world);
            return false;
        }

        var node = world.Pick(awake);
        world.Note($"  by {node.Name}");
        switch (drawn)
        {
            case < 22:
                await PassTimeAsync(world);
                return false;
            case < 66:
                await passes.RunOneAsync(node);
                break;
            case < 72:
                await passes.RunAllAsync(node);
                break;
            case < 75:
                await passes.SettleTwiceAsync(node);
                break;
            case < 88:
                return await orders.GiveAsync(node);
            default:
                await faults.StrikeAsync(node);
                break;
        }

        return false;
    }

    private async Task PassTimeAsync(World world)
    {
        var by = world.Random.Next(100) switch
        {
            < 20 => TimeSpan.FromMilliseconds(300),
            < 45 => TimeSpan.FromSeconds(2),
            < 65 => TimeSpan.FromSeconds(11),
            < 80 => TimeSpan.FromSeconds(44),
            < 92 => TimeSpan.FromSeconds(130),
            < 98 => TimeSpan.FromMinutes(9),
            _ => TimeSpan.FromHours(1),
        };
        world.Note($"  {World.Show(by)} pass");
        if (by >= LongestSleep)
        {
            while (world.Nodes.Exists(node => node.Sleeps))
            {
                await WakeOneAsync(world);
            }
        }

        await world.PassTimeAsync(by);
        foreach (var standing in Sleepers(world).Select(one => one.Pass.Standing!))
        {
            asleepSince.TryAdd(standing, world.Clock.GetUtcNow() - by);
        }

        while (Sleepers(world).Any(one => world.Clock.GetUtcNow() - asleepSince[one.Pass.Standing!] > LongestSleep))
        {
            await WakeOneAsync(world);
        }
    }

    private static async Task WakeOneAsync(World world)
    {
        var sleepers = Sleepers(world).ToList();
        if (sleepers.Count == 0)
        {
            return;
        }

        var (node, pass) = world.Pick(sleepers);
        if (world.Chance(20))
        {
            await world.KillAsync(node);
            return;
        }

        world.Note($"  {node.Name} wakes up, {pass.Standing!.Where}");
        await world.AfterPassAsync(node, await node.GoOnAsync(pass));
        await world.QuietAsync();
    }

    private static IEnumerable<(Node Node, OngoingPass Pass)> Sleepers(World world) => world.Nodes.SelectMany(
        node => node.Ongoing.Where(pass => pass.Standing is { HeldUntil: null }).Select(pass => (node, pass)));
}
