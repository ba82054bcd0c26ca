using System.CommandLine;

namespace Saltern.Chaos;

/// <summary>The command <c>./chaos</c>: one run, its table, and an exit code that says whether all is right.</summary>
internal static class ChaosProgram
{
    private static readonly Option<double> Minutes = new("--minutes")
    {
        Description = "How long orders are given and faults injected.",
        DefaultValueFactory = _ => 5,
    };

    private static readonly Option<int?> Seed = new("--seed")
    {
        Description = "Decides orders and faults; any one when left out. It is printed.",
    };

    private static readonly Option<int> Minions = new("--minions")
    {
        Description = "How many minions each of the two masters has.",
        DefaultValueFactory = _ => 100,
    };

    public static async Task<int> RunAsync(string[] args, TimeProvider clock)
    {
        var command = new RootCommand(
            "Runs three nodes and two simulated masters, breaks them in every way at once, and compares each "
            + "target with what its minion really did. Exit code 0: nothing was lost, nothing ran twice, "
            + "no status and no channel is wrong.")
        {
            Minutes, Seed, Minions,
        };
        Minutes.Validators.Add(given => Require(given, Minutes, minutes => minutes is > 0 and <= 1_440, "up to 1440"));
        Minions.Validators.Add(given => Require(given, Minions, minions => minions is > 0 and <= 9_999, "1 to 9999"));
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new ChaosOptions
            {
                Length = TimeSpan.FromMinutes(parsed.GetValue(Minutes)),
                Seed = parsed.GetValue(Seed) ?? Random.Shared.Next(1, 1_000_000),
                Minions = parsed.GetValue(Minions),
            },
            clock, cancellationToken));
        return await command.Parse(args).InvokeAsync();
    }

    private static async Task<int> RunAsync(
        ChaosOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        var replay = FormattableString.Invariant(
            $"./chaos --minutes {options.Length.TotalMinutes} --seed {options.Seed} --minions {options.Minions}");
        Console.Error.WriteLine($"seed {options.Seed}; the same orders and faults again: {replay}");
        var result = await ChaosRun.RunAsync(options, clock, Console.Error.WriteLine, cancellationToken);
        Console.Out.WriteLine(ChaosTable.Of(result));
        Console.Out.WriteLine($"replay: {replay}");
        return result.IsRight ? 0 : 1;
    }

    private static void Require<T>(
        System.CommandLine.Parsing.OptionResult given, Option<T> option, Func<T?, bool> holds, string allowed)
    {
        if (!holds(given.GetValue(option)))
        {
            given.AddError($"{option.Name}: allowed: {allowed}.");
        }
    }
}
