using System.Globalization;
using System.Text.Json.Nodes;

namespace Saltern.Bench;

/// <summary>
/// Bodies like those of state runs: 2 to 4 KB, some states with names, comments, durations and changes, no two alike.
/// Made from a fixed seed, so that every run and every table gets the same.
/// </summary>
internal static class RealisticReturns
{
    private static readonly string[] Modules = ["pkg", "file", "service", "cmd", "user", "cron", "sysctl"];
    private static readonly string[] Functions = ["installed", "managed", "running", "run", "present", "latest"];

    /// <summary>The values of the columns <c>return</c> and <c>full_ret</c>.</summary>
    public static (string Return, string Full)[] Make(int count)
    {
        var dice = new Random(20_26);
        return [.. Enumerable.Range(0, count).Select(_ => MakeOne(dice))];
    }

    private static (string Return, string Full) MakeOne(Random dice)
    {
        var states = new JsonObject();
        var size = dice.Next(1_600, 3_400);
        while (states.ToJsonString().Length < size)
        {
            AddState(states, dice);
        }

        var full = new JsonObject
        {
            ["cmd"] = "_return",
            ["id"] = $"minion{dice.Next(100_000):D6}",
            ["success"] = true,
            ["return"] = states.DeepClone(),
            ["retcode"] = 0,
            ["jid"] = "20260302080000000000_s1",
            ["fun"] = "state.apply",
            ["fun_args"] = new JsonArray("base.packages"),
            ["_stamp"] = $"2026-03-02T08:{dice.Next(60):D2}:{dice.Next(60):D2}.{dice.Next(1_000_000):D6}",
        };
        return (states.ToJsonString(), full.ToJsonString());
    }

    private static void AddState(JsonObject states, Random dice)
    {
        var (module, function) = (Modules[dice.Next(Modules.Length)], Functions[dice.Next(Functions.Length)]);
        var name = $"/srv/{Word(dice)}/{Word(dice)}";
        states[$"{module}_|-{Word(dice)}_|-{name}_|-{function}"] = new JsonObject
        {
            ["name"] = name,
            ["changes"] = new JsonObject
            {
                [Word(dice)] = new JsonObject { ["old"] = Version(dice), ["new"] = Version(dice) },
            },
            ["result"] = dice.Next(20) > 0,
            ["comment"] = string.Join(' ', Enumerable.Range(0, dice.Next(4, 14)).Select(_ => Word(dice))),
            ["__sls__"] = $"base.{Word(dice)}",
            ["__run_num__"] = states.Count,
            ["start_time"] = $"08:{dice.Next(60):D2}:{dice.Next(60):D2}.{dice.Next(1_000_000):D6}",
            ["duration"] = Math.Round(dice.NextDouble() * 2_000, 3),
        };
    }

    private static string Version(Random dice) =>
        string.Create(CultureInfo.InvariantCulture, $"{dice.Next(9)}.{dice.Next(40)}.{dice.Next(900)}-{dice.Next(99)}");

    private static string Word(Random dice) =>
        string.Concat(Enumerable.Range(0, dice.Next(3, 10)).Select(_ => (char)('a' + dice.Next(26))));
}
