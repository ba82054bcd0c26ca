using System.Text.Json;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Simulator;

namespace Saltern.Bench;

/// <summary>A server and a simulated master with a fleet, each a process of its own, on one database.</summary>
internal sealed class LiveStage : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    private readonly Ground ground;
    private readonly int postmaster;

    private LiveStage(
        Ground ground, TestDatabase database, SimulatorProcess master, ServerProcess server, int postmaster)
    {
        this.ground = ground;
        this.postmaster = postmaster;
        Database = database;
        Master = master;
        Server = server;
    }

    public TestDatabase Database { get; }

    public SimulatorProcess Master { get; }

    public ServerProcess Server { get; }

    public int Minions => Master.Options.Minions;

    public static async Task<LiveStage> StartAsync(
        Ground ground, int minions, CancellationToken cancellationToken,
        params (string Key, object Value)[] masterSettings)
    {
        var database = await ground.CreateDatabaseAsync();
        var options = new SimulatorOptions
        {
            Database = database.ConnectionString, Minions = minions, NamePattern = "minion{0:D6}",
            Latency = LatencyDistribution.None, Fast = true,
        };
        var master = await SimulatorProcess.StartAsync(ground, options, cancellationToken);
        var server = await ServerProcess.StartAsync(
            ground, database.ConnectionString, master, cancellationToken, masterSettings);
        var backend = await database.ScalarAsync<int>("select pg_backend_pid()");
        var stage = new LiveStage(ground, database, master, server, ProcessUsage.ParentOf(backend));
        await ground.UntilAsync(
            async () => minions == await database.ScalarAsync<long>(
                "select count(*) from minion where key_status = 'accepted'"),
            Longest, "the minions were known", cancellationToken);
        await Ground.SettleDownAsync(database, "minion");
        return stage;
    }

    /// <summary>What has just started compiles; that shall not be measured.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        for (var run = 0; run < ground.Sizes.WarmUps; run++)
        {
            await RunAsync("state.apply", cancellationToken, glob: "minion000???");
        }
    }

    /// <summary>Runs an action to its end, which all targets must reach well.</summary>
    public async Task<RunCost> RunAsync(
        string kind, CancellationToken cancellationToken, string arguments = "{}", string glob = "*")
    {
        var (server, database) = (ServerSeconds(), DatabaseSeconds());
        var started = ground.Clock.GetTimestamp();
        var action = await Server.ScheduleAsync(Order(kind, arguments, glob), cancellationToken);
        await UntilEndedAsync(action, cancellationToken);
        var took = ground.Clock.GetElapsedTime(started);
        var counts = (await Server.ReadActionAsync(action, cancellationToken)).Counts;
        var wanted = glob == "*" ? Minions : Math.Min(Minions, 999);
        UnfinishedWorkException.Require(wanted, counts.Completed, $"completed targets of {kind}");
        return new RunCost(counts.Completed, took.TotalSeconds, ServerSeconds() - server, DatabaseSeconds() - database);
    }

    /// <summary>What all this costs; it counts no targets.</summary>
    public async Task<RunCost> CostAsync(Func<Task> work)
    {
        var (server, database) = (ServerSeconds(), DatabaseSeconds());
        var started = ground.Clock.GetTimestamp();
        await work();
        return new RunCost(
            0, ground.Clock.GetElapsedTime(started).TotalSeconds, ServerSeconds() - server,
            DatabaseSeconds() - database);
    }

    public static ActionRequest Order(string kind, string arguments = "{}", string glob = "*") => new()
    {
        Kind = kind, Arguments = JsonElement.Parse(arguments), Target = new TargetRequest { Glob = glob },
    };

    /// <summary>Asks the database, so that watching costs the server nothing.</summary>
    public async Task UntilEndedAsync(long action, CancellationToken cancellationToken)
    {
        try
        {
            await ground.UntilAsync(
                () => Database.ScalarAsync<bool>("select ended_at is not null from action where id = $1", action),
                Longest, "the action had ended", cancellationToken);
        }
        catch (UnfinishedWorkException)
        {
            Ground.Say(string.Join('\n', Server.LastWords()));
            throw;
        }
    }

    public double PeakMegabytes() => ProcessUsage.PeakMegabytes(Server.ProcessId);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Master.DisposeAsync();
        await Database.DisposeAsync();
    }

    private double ServerSeconds() => ProcessUsage.ProcessorSeconds(Server.ProcessId);

    private double DatabaseSeconds() => ProcessUsage.ProcessorSecondsWithChildren(postmaster);
}
