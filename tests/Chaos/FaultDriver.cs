using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http;
using Npgsql;
using Saltern.Simulator.Faults;

namespace Saltern.Chaos;

/// <summary>Injects what a plan says, lane beside lane, and counts it; then puts all right again.</summary>
internal sealed class FaultDriver(
    Stage stage, ChaosOptions options, TimeProvider clock, Action<string> say)
{
    private static readonly string[] Tables =
        ["saltern.action_target", "saltern.submission", "saltern.inbox", "salt.jids", "salt.salt_returns"];

    private readonly ConcurrentDictionary<string, int> injected = new(StringComparer.Ordinal);
    private readonly long started = clock.GetTimestamp();

    /// <summary>How often each kind was injected.</summary>
    public IReadOnlyDictionary<string, int> Injected => injected;

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(FaultPlan.For(options).Select(lane => RunLaneAsync(lane, cancellationToken)));

    /// <summary>Everything runs again, and nothing is broken by order.</summary>
    public async Task CalmAsync(CancellationToken cancellationToken)
    {
        await stage.Database.StartAsync(cancellationToken);
        foreach (var master in stage.Masters)
        {
            await master.ClearFaultsAsync(cancellationToken);
        }

        foreach (var node in stage.Nodes)
        {
            await node.ThawAsync();
            await ReviveAsync(node, cancellationToken);
        }
    }

    private async Task RunLaneAsync(IReadOnlyList<PlannedFault> lane, CancellationToken cancellationToken)
    {
        foreach (var fault in lane)
        {
            var wait = fault.At - clock.GetElapsedTime(started);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, clock, cancellationToken);
            say(string.Create(
                CultureInfo.InvariantCulture,
                $"{clock.GetElapsedTime(started).TotalSeconds,6:0.0} s  {fault.Kind} ({Subject(fault)}, "
                + $"{fault.Length.TotalSeconds:0.0} s)"));
            try
            {
                await InjectAsync(fault, cancellationToken);
                injected.AddOrUpdate(fault.Kind, 1, (_, count) => count + 1);
            }
            catch (Exception problem) when (problem is NpgsqlException or HttpRequestException)
            {
                // The database is down already, for one: then there is no session to end.
                say($"          not injected: {problem.Message}");
            }
        }
    }

    private static string Subject(PlannedFault fault) => fault.Kind switch
    {
        FaultKinds.NodeKilled or FaultKinds.NodeFrozen => FormattableString.Invariant($"node {fault.Subject}"),
        var kind when FaultKinds.OfDatabase.Contains(kind) => "database",
        _ => ChaosOptions.Masters[fault.Subject],
    };

    private Task InjectAsync(PlannedFault fault, CancellationToken cancellationToken) => fault.Kind switch
    {
        FaultKinds.NodeKilled => KillAsync(stage.Nodes[fault.Subject], fault, cancellationToken),
        FaultKinds.NodeFrozen => FreezeAsync(stage.Nodes[fault.Subject], fault, cancellationToken),
        FaultKinds.SessionsEnded => stage.Database.ExecuteAsync(EndSessions(fault.Share), cancellationToken),
        FaultKinds.DatabaseCrashed => CrashAsync(fault, cancellationToken),
        FaultKinds.TableLocked => LockAsync(fault, cancellationToken),
        FaultKinds.MinionsRestarted => RestartAsync(stage.Masters[fault.Subject], fault, cancellationToken),
        _ => BreakAsync(stage.Masters[fault.Subject], fault, cancellationToken),
    };

    private async Task KillAsync(Node node, PlannedFault fault, CancellationToken cancellationToken)
    {
        await ReviveAsync(node, cancellationToken);
        await node.KillAsync();
        await Task.Delay(fault.Length / 3, clock, cancellationToken);
        await node.StartAsync(cancellationToken);
    }

    private async Task FreezeAsync(Node node, PlannedFault fault, CancellationToken cancellationToken)
    {
        await ReviveAsync(node, cancellationToken);
        await node.FreezeAsync();
        await Task.Delay(fault.Length, clock, cancellationToken);
        await node.ThawAsync();
    }

    /// <summary>A node that has ended although nobody killed it is no fault of ours: it is told and counted.</summary>
    private async Task ReviveAsync(Node node, CancellationToken cancellationToken)
    {
        if (node.HasDied)
        {
            say($"a node has ended by itself: {string.Join(" / ", node.LastWords())}");
            injected.AddOrUpdate("(a node ended by itself)", 1, (_, count) => count + 1);
            await node.StartAsync(cancellationToken);
        }
    }

    private async Task CrashAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        await stage.Database.CrashAsync(cancellationToken);
        await Task.Delay(fault.Length, clock, cancellationToken);
        await stage.Database.StartAsync(cancellationToken);
    }

    /// <summary>Whoever wants the table waits; now and then that is a deadlock, and a statement ends.</summary>
    private Task LockAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        var table = Tables[(int)(fault.Share * 1_000) % Tables.Length];
        var seconds = Math.Min(1.5, fault.Length.TotalSeconds / 2).ToString(CultureInfo.InvariantCulture);
        return stage.Database.ExecuteAsync(
            $"begin; lock table {table} in access exclusive mode; select pg_sleep({seconds}); rollback",
            cancellationToken);
    }

    private static string EndSessions(double share) => $"""
        select pg_terminate_backend(pid) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()
          and random() < {share.ToString(CultureInfo.InvariantCulture)}
        """;

    private async Task RestartAsync(Master master, PlannedFault fault, CancellationToken cancellationToken)
    {
        var random = new Random(fault.At.GetHashCode());
        for (var minion = 1; minion <= options.Minions; minion++)
        {
            if (random.NextDouble() < fault.Share / 3)
            {
                await master.RestartMinionAsync(OrderPlan.MinionId(minion), cancellationToken);
            }
        }
    }

    private async Task BreakAsync(Master master, PlannedFault fault, CancellationToken cancellationToken)
    {
        await master.SetFaultAsync(AsSimulated(fault), cancellationToken);
        await Task.Delay(fault.Length, clock, cancellationToken);
        await master.ClearFaultAsync(fault.Kind, cancellationToken);
    }

    /// <summary>A share of the cases; only which minions are down is a matter of their names.</summary>
    private static Fault AsSimulated(PlannedFault fault) => fault.Kind switch
    {
        FaultNames.MinionDown => new Fault { Name = fault.Kind, Minion = fault.Minions },
        FaultNames.MasterDown => new Fault { Name = fault.Kind, Seconds = 1 },
        FaultNames.MinionRestart or FaultNames.JobFails => new Fault
        {
            Name = fault.Kind, Probability = fault.Share / 3,
        },
        _ => new Fault { Name = fault.Kind, Probability = fault.Share, Seconds = 1.5 },
    };
}
