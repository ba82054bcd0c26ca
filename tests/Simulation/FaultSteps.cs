using Saltern.Simulator.Faults;

namespace Saltern.Simulation;

/// <summary>What goes wrong, by the seed.</summary>
internal sealed class FaultSteps(World world)
{
    private static readonly string[] OfCalls =
    [
        FaultNames.Hang, FaultNames.AnswerThenDrop, FaultNames.DropBeforePublish, FaultNames.Http500AfterPublish,
        FaultNames.Http500BeforePublish, FaultNames.Http401, FaultNames.Http403, FaultNames.Html502,
    ];

    /// <summary>Whose returns may have been garbage: the ledger does not know what the master got.</summary>
    public HashSet<(string Master, string Minion)> Garbled { get; } = [];

    public async Task StrikeAsync(Node node)
    {
        var master = world.Pick(world.Masters);
        switch (world.Random.Next(100))
        {
            case < 22:
                Call(master);
                break;
            case < 37:
                Return(master);
                break;
            case < 55:
                Minion(master);
                break;
            case < 62:
                Refuse(master);
                break;
            case < 69:
                MasterDown(master);
                break;
            case < 76:
                await TriggerAsync();
                break;
            case < 83:
                world.Note("  all database sessions of the nodes end");
                await world.Database.ScalarAsync<long>(Ground.EndSessionsSql);
                break;
            case < 92:
                node.Clock.Skew = TimeSpan.FromMilliseconds(world.Random.Next(-900, 901));
                world.Note($"  {node.Name}'s clock is off by {node.Clock.Skew.TotalMilliseconds} ms");
                break;
            default:
                await world.KillAsync(node);
                break;
        }
    }

    /// <summary>All faults end; who sleeps wakes up.</summary>
    public async Task HealAsync()
    {
        world.IsHealed = true;
        foreach (var master in world.Masters)
        {
            master.Refuses = false;
            master.Simulated.Faults.ClearAll();
            foreach (var minion in master.Down)
            {
                master.Simulated.BringUp(minion);
            }

            master.Down.Clear();
        }

        await world.Database.ExecuteAsync("alter table salt.salt_returns enable trigger take_return");
        foreach (var node in world.Nodes.ToList())
        {
            node.Clock.Skew = TimeSpan.Zero;
            while (world.Nodes.Contains(node) && node.Sleeps)
            {
                await world.AfterPassAsync(
                    node, await node.GoOnAsync(node.Ongoing.First(pass => pass.Standing is { HeldUntil: null })));
            }
        }
    }

    private void Call(MasterInWorld master)
    {
        var name = world.Pick(OfCalls);
        var count = world.Random.Next(1, 3);
        world.Note($"  {master.Name}: {name} × {count}");
        master.Simulated.Faults.Set(name, count: count);
    }

    private void Return(MasterInWorld master)
    {
        var minion = $"m{world.Random.Next(1, 7)}";
        var fault = world.Random.Next(8) switch
        {
            0 => new Fault { Name = FaultNames.NeverReturn, Count = 1 },
            1 => new Fault { Name = FaultNames.ReturnTwice, Count = 2, Seconds = world.Random.Next(1, 120) },
            2 => new Fault { Name = FaultNames.ReturnLate, Count = 2, Seconds = world.Random.Next(60, 7_200) },
            3 => new Fault { Name = FaultNames.ReturnLate, Count = 3, Seconds = world.Random.Next(1, 90) },
            4 => new Fault { Name = FaultNames.LoseReturns, Count = world.Random.Next(1, 5) },
            5 => new Fault { Name = FaultNames.MinionRestart, Count = 1 },
            6 => new Fault { Name = FaultNames.JobFails, Count = 1 },
            _ => new Fault { Name = FaultNames.ReturnGarbage, Count = 1 },
        };
        if (fault.Name == FaultNames.ReturnGarbage)
        {
            Garbled.Add((master.Name, minion));
        }

        world.Note($"  {master.Name}/{minion}: {fault.Name} × {fault.Count}, {fault.Seconds} s");
        master.Simulated.Faults.Set(fault with { Minion = minion });
    }

    private void Minion(MasterInWorld master)
    {
        var minion = $"m{world.Random.Next(1, 7)}";
        var drawn = world.Random.Next(4);
        if (master.Down.Remove(minion))
        {
            world.Note($"  {master.Name}/{minion} comes up");
            master.Simulated.BringUp(minion);
        }
        else if (drawn < 2)
        {
            world.Note($"  {master.Name}/{minion} goes down");
            master.Down.Add(minion);
            master.Simulated.TakeDown(minion);
        }
        else if (drawn == 2)
        {
            world.Note($"  {master.Name}/{minion} restarts");
            master.Simulated.Restart(minion);
        }
        else
        {
            world.Note($"  {master.Name}/{minion} reconnects");
            master.Simulated.Reconnect(minion);
        }
    }

    private void Refuse(MasterInWorld master)
    {
        master.Refuses = !master.Refuses;
        world.Note($"  {master.Name} {(master.Refuses ? "refuses connections" : "takes connections")}");
    }

    /// <summary>Longer than any client waits: it is the client's time-out that ends each call.</summary>
    private void MasterDown(MasterInWorld master)
    {
        var down = !master.Simulated.Faults.IsSet(FaultNames.MasterDown);
        world.Note($"  {master.Name} is {(down ? "down" : "up")}");
        if (down)
        {
            master.Simulated.Faults.Set(FaultNames.MasterDown, seconds: 86_400);
        }
        else
        {
            master.Simulated.Faults.Clear(FaultNames.MasterDown);
        }
    }

    private async Task TriggerAsync()
    {
        var on = world.Chance(60);
        world.Note($"  the inbox's trigger is {(on ? "on" : "off")}");
        await world.Database.ExecuteAsync(
            $"alter table salt.salt_returns {(on ? "enable" : "disable")} trigger take_return");
    }
}
