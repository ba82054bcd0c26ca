using System.Globalization;
using System.Text.Json;
using Saltern.Contract;

namespace Saltern.Chaos;

/// <summary>What is ordered, and when: pure, from the seed.</summary>
internal static class OrderPlan
{
    private const double SecondsBetween = 1.5;

    public static IReadOnlyList<PlannedOrder> For(ChaosOptions options)
    {
        var random = new Random(options.Seed);
        var orders = new List<PlannedOrder>();
        var at = TimeSpan.Zero;
        while (at < options.Length)
        {
            orders.Add(Next(random, at, options));
            at += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) * SecondsBetween);
        }

        return orders;
    }

    private static PlannedOrder Next(Random random, TimeSpan at, ChaosOptions options)
    {
        var node = random.Next(options.Nodes);
        return random.Next(100) switch
        {
            < 12 => new PlannedOrder(at, node, null, null, "cancel", random.Next(4), Some(random, options.Minions)),
            < 26 => new PlannedOrder(at, node, null, null, "reschedule", random.Next(25), []),
            _ => new PlannedOrder(
                at, node, Action(random), random.Next(4) == 0 ? TimeSpan.FromSeconds(5) : null, null, 0, []),
        };
    }

    private static ActionRequest Action(Random random)
    {
        var (kind, arguments, deadline) = random.Next(100) switch
        {
            < 25 => ("ping", "{}", 3),
            < 55 => ("state.apply", """{"states":["ok"]}""", 5),
            < 60 => ("state.apply", """{"states":["fails"]}""", 5),
            < 95 => ("script.run", Script($"sleep {random.Next(4)}; echo done"), 6),
            _ => ("script.run", Script("echo no; exit 3"), 6),
        };
        var window = random.Next(5);
        return new ActionRequest
        {
            Kind = kind,
            Arguments = JsonElement.Parse(arguments),
            Target = Target(random),
            BatchSize = window == 0 ? random.Next(1, 20) : null,
            BatchPercent = window == 1 ? random.Next(10, 60) : null,
            DeadlineSeconds = deadline,
        };
    }

    private static string Script(string line) =>
        JsonSerializer.Serialize(new { script = $"#!/bin/sh\n{line}\n", timeoutSeconds = 60 });

    private static TargetRequest Target(Random random)
    {
        var digit = random.Next(10).ToString(CultureInfo.InvariantCulture);
        var glob = random.Next(10) switch
        {
            < 2 => "*",
            < 7 => $"*{digit}",
            _ => $"minion00{digit}*",
        };
        return new TargetRequest
        {
            Glob = glob,
            KeyDomain = random.Next(3) == 0 ? ChaosOptions.Masters[random.Next(ChaosOptions.Masters.Count)] : null,
        };
    }

    private static List<string> Some(Random random, int minions) =>
        [.. Enumerable.Range(0, 15).Select(_ => MinionId(random.Next(1, minions + 1))).Distinct()];

    public static string MinionId(int number) => $"minion{number.ToString("D4", CultureInfo.InvariantCulture)}";
}
