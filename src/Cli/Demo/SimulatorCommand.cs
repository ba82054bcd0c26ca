using System.CommandLine;
using Microsoft.Extensions.Logging;
using Saltern.Simulator;

namespace Saltern.Cli.Demo;

/// <summary><c>saltern simulator</c>: a simulated master by itself, for a server that runs elsewhere.</summary>
internal static class SimulatorCommand
{
    private static readonly Option<string> Name = new("--name")
    {
        Description = "The master's id.",
        DefaultValueFactory = _ => "master1",
    };

    private static readonly Option<string?> Database = new("--job-cache")
    {
        Description = "Connection string of the PostgreSQL with the job cache; without it returns stay in memory.",
    };

    private static readonly Option<int> Minions = new("--minions")
    {
        Description = "How many minions.",
        DefaultValueFactory = _ => 200,
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "Port of salt-api; 0 takes any free one.",
    };

    private static readonly Option<int> ControlPort = new("--control-port")
    {
        Description = "Port of the control interface (faults, ledger, minions); 0 takes any free one.",
    };

    private static readonly Option<int> Latency = new("--latency-ms")
    {
        Description = "Median time from a job to its return, in milliseconds; 0 is at once.",
        DefaultValueFactory = _ => 120,
    };

    private static readonly Option<double> Reboot = new("--reboot-seconds")
    {
        Description = "How long the reboot of a minion takes, give or take a quarter.",
        DefaultValueFactory = _ => 20,
    };

    private static readonly Option<ulong> Seed = new("--seed")
    {
        Description = "Chance depends on this: the same seed makes the same draws.",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<bool> Fast = new("--fast")
    {
        Description = "Many returns in one transaction, which no master does: for benchmarks.",
    };

    public static Command Create(CliOutput output, TimeProvider clock)
    {
        var command = new Command("simulator", "Run a simulated Salt master until Ctrl-C");
        foreach (var option in new Option[] { Name, Database, Minions, Port, ControlPort, Latency, Reboot, Seed, Fast })
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, output, clock, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, CliOutput output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var options = new SimulatorOptions
        {
            Name = parsed.GetValue(Name)!,
            Cache = parsed.GetValue(Database) is null ? CacheKind.File : CacheKind.Database,
            Database = parsed.GetValue(Database),
            Minions = parsed.GetValue(Minions),
            Port = parsed.GetValue(Port),
            ControlPort = parsed.GetValue(ControlPort),
            Latency = new LatencyDistribution { Median = TimeSpan.FromMilliseconds(parsed.GetValue(Latency)) },
            RebootTime = TimeSpan.FromSeconds(parsed.GetValue(Reboot)),
            Seed = parsed.GetValue(Seed),
            Fast = parsed.GetValue(Fast),
            OverwriteLoad = !parsed.GetValue(Fast),
        };
        try
        {
            options.Validate();
        }
        catch (ArgumentException problem)
        {
            throw new CliFailure(ExitCodes.Usage, problem.Message);
        }

        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole());
        await SimulatorHost.RunAsync(options, clock, loggers, master => output.Line(
            $"simulated master {master.Name}: salt-api {master.Api} "
            + $"(user {options.User}, password {options.Password}), control {master.Control}"), cancellationToken);
        return ExitCodes.Ok;
    }
}
