using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Cli.Demo;

/// <summary>
/// <c>saltern demo</c>: a server and a master with minions, on this machine and without any of them real.
/// </summary>
internal static class DemoCommand
{
    /// <summary>So long may pass without another minion becoming known.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Option<int> Minions = new("--minions")
    {
        Description = "How many simulated minions.",
        DefaultValueFactory = _ => 200,
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Folder of the demo's own PostgreSQL; with --once else a new one that is removed at the end.",
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "Port of the server on 127.0.0.1; 0 takes any free one.",
        DefaultValueFactory = _ => 8070,
    };

    private static readonly Option<bool> Once = new("--once")
    {
        Description = "Run actions on all minions, compare each end with what the minions really did, and stop.",
    };

    public static Command Create(CliOutput output, TimeProvider clock)
    {
        var command = new Command("demo", "See it work: a server and a simulated master with minions, until Ctrl-C");
        foreach (var option in new Option[] { Minions, Data, Port, Once })
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, output, clock, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, CliOutput output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var minions = parsed.GetValue(Minions);
        if (minions is < 1 or > 200_000)
        {
            throw new CliFailure(ExitCodes.Usage, $"--minions is {minions}; allowed is 1 to 200000.");
        }

        var once = parsed.GetValue(Once);
        using var folder = once && parsed.GetValue(Data) is null
            ? DemoFolder.ForOneRun()
            : DemoFolder.Lasting(
                parsed.GetValue(Data) ?? Path.Combine(DatabaseOptions.DefaultDataFolder(), "demo"));
        var port = once && parsed.GetResult(Port) is null or { Implicit: true }
            ? 0
            : parsed.GetValue(Port);
        output.Line($"Starting PostgreSQL, a simulated master with {minions} minions, and the server …");
        await using var ground = await DemoGround.StartAsync(folder.Path, minions, port, cancellationToken);
        await UntilKnownAsync(ground, minions, clock, cancellationToken);
        await DemoSoftware.InstallAsync(ground, clock, cancellationToken);
        if (once)
        {
            return await new DemoRun(ground, output, clock).RunAsync(minions, cancellationToken);
        }

        Welcome(ground, folder.Path, output);
        await ground.Server.WaitForShutdownAsync(cancellationToken);
        output.Line("Stopping …");
        return ExitCodes.Ok;
    }

    private static void Welcome(DemoGround ground, string folder, CliOutput output)
    {
        output.Line(string.Create(CultureInfo.InvariantCulture, $"""

              console      {ground.Server.Address}
              REST         {ground.Server.Address}api/v1   (described at {ground.Server.Address}openapi/v1.json)
              admin token  {ground.Token}
              master       {ground.Master.Api}   (faults and ledger: {ground.Master.Control})
              PostgreSQL   127.0.0.1:{ground.PostgresPort}, data in {folder}

            Sign in to the console with the token, or try in another terminal (--grain finds minions when they have told
            their grains, in half a minute):

              export SALTERN_SERVER={ground.Server.Address} SALTERN_TOKEN={ground.Token}
              ./saltern actions schedule state.apply --arg states:='["ok"]' --glob '*' --watch
              ./saltern servicepack targets --glob '*'
              ./saltern servicepack migrate --to {DemoSoftware.Target} --grain osrelease:15.5 --watch
              ./saltern servicepack report ACTION           # then the same with --real: one in ten each conflicts,
                                                            # fails and is taken back, or is left half-way

            Ctrl-C stops everything.
            """));
    }

    /// <summary>The first reading of the master's keys makes the minions known.</summary>
    private static async Task UntilKnownAsync(
        DemoGround ground, int minions, TimeProvider clock, CancellationToken cancellationToken)
    {
        var lists = ground.Server.Services.GetRequiredService<MinionLists>();
        var (known, since) = (-1, clock.GetTimestamp());
        while (known < minions)
        {
            var now = (await lists.CountAsync(cancellationToken)).Accepted;
            if (now > known)
            {
                (known, since) = (now, clock.GetTimestamp());
            }
            else if (clock.GetElapsedTime(since) > Patience)
            {
                throw await NotKnownAsync(ground, known, minions, cancellationToken);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken);
        }
    }

    private static async Task<CliFailure> NotKnownAsync(
        DemoGround ground, int known, int minions, CancellationToken cancellationToken)
    {
        var masters = await ground.Server.Services.GetRequiredService<Masters>().ListAsync(cancellationToken);
        var reasons = masters.Select(one => $"{one.Name} is {one.Health} ({one.HealthReason ?? "no reason known"})");
        return new CliFailure(
            ExitCodes.NotReachable,
            $"For {Patience.TotalSeconds:0} s no more than {known} of {minions} minions became known: "
            + string.Join(", ", reasons));
    }
}
