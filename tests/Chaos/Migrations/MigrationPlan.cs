using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Contract;
using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>
/// Which migrations are ordered, which channels are assigned, and what runs come to: pure, from the seed, beside the
/// other orders.
/// </summary>
internal static class MigrationPlan
{
    private const double SecondsOfRun = 4;
    private const double SecondsBetween = 3;

    /// <summary>Every so many minions can be migrated.</summary>
    private const int Every = 4;

    /// <summary>The minions of a master that can be migrated.</summary>
    public static IReadOnlyList<string> Minions(ChaosOptions options) =>
        [.. Enumerable.Range(1, options.Minions).Where(number => number % Every == 0).Select(OrderPlan.MinionId)];

    public static IReadOnlyList<PlannedOrder> For(ChaosOptions options)
    {
        var random = new Random((options.Seed * 31) - 1);
        var orders = new List<PlannedOrder>();
        for (var at = TimeSpan.Zero; at < options.Length; at += Pause(random))
        {
            orders.Add(Next(random, at, options));
        }

        return orders;
    }

    private static TimeSpan Pause(Random random) =>
        TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) * SecondsBetween);

    private static PlannedOrder Next(Random random, TimeSpan at, ChaosOptions options)
    {
        var node = random.Next(options.Nodes);
        return random.Next(100) switch
        {
            < 10 => new PlannedOrder(at, node, null, null, "cancel", random.Next(3), Some(random, options).Minions),
            < 30 => new PlannedOrder(at, node, null, null, "reschedule", random.Next(5), []),
            < 42 => Assignment(random, at, node, options),
            _ => Migration(random, at, node, options),
        };
    }

    private static PlannedOrder Migration(Random random, TimeSpan at, int node, ChaosOptions options)
    {
        var (master, minions) = Some(random, options);
        var dryRun = random.Next(10) < 4;
        return new PlannedOrder(at, node, null, null, null, 0, minions)
        {
            Master = master,
            Outcomes = minions.ToDictionary(minion => minion, _ => OutcomeDraw.Next(random, SecondsOfRun)),
            Action = new ActionRequest
            {
                Kind = "servicepack.migrate",
                Arguments = JsonElement.Parse(Arguments(random, Rung(random, at, options), dryRun)),
                Target = new TargetRequest { Minions = minions, KeyDomain = master },
                BatchSize = random.Next(3) == 0 ? random.Next(1, 6) : null,
                DeadlineSeconds = 6,
            },
        };
    }

    /// <summary>Channels are set on record, and brought to the minions.</summary>
    private static PlannedOrder Assignment(Random random, TimeSpan at, int node, ChaosOptions options)
    {
        var (master, minions) = Some(random, options);
        return new PlannedOrder(at, node, null, null, "assign", 0, [.. minions.Take(3)])
        {
            Master = master,
            Rung = Rung(random, at, options),
        };
    }

    public static string Arguments(Random random, int rung, bool dryRun)
    {
        var arguments = new JsonObject { ["target"] = Ladder.Product(rung), ["dryRun"] = dryRun };
        if (random.Next(4) == 0)
        {
            arguments["removeLimit"] = 2;
        }

        if (random.Next(5) == 0)
        {
            arguments["channels"] = new JsonArray(Ladder.Optional(rung));
        }

        if (!dryRun && random.Next(10) == 0)
        {
            arguments["rebootAfter"] = true;
        }

        return arguments.ToJsonString();
    }

    /// <summary>Higher and higher, so that there is somewhere to go for as long as the run lasts.</summary>
    private static int Rung(Random random, TimeSpan at, ChaosOptions options) =>
        2 + (int)(at / options.Length * (Ladder.Rungs - 4)) + random.Next(2);

    private static (string Master, List<string> Minions) Some(Random random, ChaosOptions options)
    {
        var master = ChaosOptions.Masters[random.Next(ChaosOptions.Masters.Count)];
        var all = Minions(options);
        var some = all.Where(_ => random.Next(2) == 0).ToList();
        return (master, some.Count > 0 || all.Count == 0 ? some : [all[0]]);
    }
}
