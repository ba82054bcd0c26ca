using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;

namespace Saltern.Simulation;

/// <summary>What users order, by the seed.</summary>
internal sealed class Orders(World world)
{
    private readonly List<ActionId> actions = [];
    private readonly Dictionary<ActionId, int> targets = [];
    private readonly MigrationOrders migrations = new(world);

    /// <summary>Ordered, acknowledged and not deleted, with so many targets.</summary>
    public IReadOnlyDictionary<ActionId, int> Acknowledged => targets;

    /// <summary>One order through a node; true if it may queue again what is final.</summary>
    public async Task<bool> GiveAsync(Node node)
    {
        try
        {
            if (world.Migrates && world.Chance(40))
            {
                await GiveMigrationAsync(node);
                return false;
            }

            switch (world.Random.Next(100))
            {
                case < 55:
                    await ScheduleAsync(node);
                    break;
                case < 67:
                    await OnOneAsync("cancel", action => node.Get<Cancelling>().CancelAsync(
                        action, world.Chance(50) ? null : Some(), "user", CancellationToken.None));
                    break;
                case < 80:
                    await RescheduleAsync(node);
                    return true;
                case < 88:
                    await OnOneAsync("stop", action => node.Get<Stopping>().StopAsync(
                        action, world.Chance(50) ? null : Some(), "user", CancellationToken.None));
                    break;
                case < 93:
                    await DeleteAsync(node);
                    break;
                default:
                    await PauseAsync(node);
                    break;
            }
        }
        catch (NpgsqlException problem) when (problem is not PostgresException { SqlState: not "57P01" })
        {
            world.Note("  the order was cut off");
        }

        return false;
    }

    public async Task ResumeAsync(Node node)
    {
        await node.Get<Masters>().ResumeAllAsync("user", CancellationToken.None);
        foreach (var master in world.Masters)
        {
            await node.Get<Masters>().ResumeAsync(master.Name, "user", CancellationToken.None);
        }
    }

    private async Task GiveMigrationAsync(Node node)
    {
        switch (world.Random.Next(100))
        {
            case < 70:
                var (minions, domain) = (Some(), Domain());
                await ScheduleAsync(
                    node, MigrateKind.KindName, migrations.Next(minions, domain), 90, minions, domain);
                break;
            case < 83:
                var (assigned, where) = (Some(), Domain());
                if (await migrations.AssignAsync(node, assigned, where))
                {
                    await ScheduleAsync(node, ChannelsApplyKind.KindName, "{}", 60, assigned, where);
                }

                break;
            default:
                await migrations.DecideAsync(node);
                break;
        }
    }

    private async Task ScheduleAsync(Node node)
    {
        var (kind, arguments, deadline) = world.Random.Next(100) switch
        {
            < 25 => ("ping", "{}", 20),
            < 45 => ("state.apply", """{"states":["ok"]}""", 60),
            < 50 => ("state.apply", """{"states":["fails"]}""", 60),
            < 75 => ("script.run", Script($"sleep {world.Random.Next(30)}; echo done"), 60),
            < 80 => ("script.run", Script("echo no; exit 3"), 60),
            < 90 => ("salt.call", """{"function":"test.ping"}""", 30),
            _ => ("system.reboot", "{}", 300),
        };
        await ScheduleAsync(node, kind, arguments, deadline, Some(), Domain());
    }

    private async Task ScheduleAsync(
        Node node, string kind, string arguments, int deadline, List<string> minions, string domain)
    {
        var now = node.Clock.GetUtcNow();
        var earliest = now + TimeSpan.FromSeconds(world.Chance(25) ? world.Random.Next(5, 1_800) : 0);
        var order = new ActionOrder
        {
            Kind = kind,
            Arguments = JsonElement.Parse(arguments),
            Target = new TargetSelection
            {
                Minions = minions,
                KeyDomain = domain,
            },
            EarliestAt = earliest > now ? earliest : null,
            ExpiresAt = world.Chance(20) ? earliest + TimeSpan.FromMinutes(world.Random.Next(2, 60)) : null,
            BatchSize = world.Chance(30) ? world.Random.Next(1, 4) : null,
            // That of a migration would be hours, and each seed would wait for them.
            DeadlineSeconds = kind == MigrateKind.KindName || world.Chance(70) ? deadline : null,
            GiveUpAfterSeconds = world.Chance(50) ? world.Random.Next(120, 900) : null,
            MaxAttempts = world.Chance(30) ? world.Random.Next(1, 4) : null,
        };
        var outcome = await node.Get<Scheduling>().ScheduleAsync(order, "user", CancellationToken.None);
        if (outcome is not ScheduleOutcome.Scheduled scheduled)
        {
            throw new BrokenRuleException(
                $"an order was refused: {JsonSerializer.Serialize(outcome, outcome.GetType())}");
        }

        actions.Add(scheduled.Id);
        targets[scheduled.Id] = order.Target.Minions!.Count;
        world.Note($"  action {scheduled.Id}: {kind} on {order.Target.KeyDomain} "
            + $"{string.Join(',', order.Target.Minions)} at {earliest:HH:mm:ss} batch {order.BatchSize} "
            + $"deadline {order.DeadlineSeconds} give up {order.GiveUpAfterSeconds} "
            + $"attempts {order.MaxAttempts} expires {order.ExpiresAt:HH:mm:ss}");
    }

    private async Task RescheduleAsync(Node node)
    {
        var scope = world.Chance(50) ? RescheduleScope.All : RescheduleScope.Failed;
        DateTimeOffset? at = world.Chance(25)
            ? node.Clock.GetUtcNow() + TimeSpan.FromSeconds(world.Random.Next(5, 600))
            : null;
        await OnOneAsync($"reschedule {scope} at {at:HH:mm:ss}", async action =>
        {
            var outcome = await node.Get<Rescheduling>().RescheduleAsync(
                action, scope, at, "user", CancellationToken.None);
            if (outcome is OrderOutcome.Done)
            {
                world.Watch.Rescheduled(action);
            }

            return outcome;
        });
    }

    private async Task DeleteAsync(Node node)
    {
        await OnOneAsync("archive and delete", async action =>
        {
            await node.Get<Archiving>().ArchiveAsync(action, "user", CancellationToken.None);
            var outcome = await node.Get<Deleting>().DeleteAsync(action, "user", CancellationToken.None);
            if (outcome is OrderOutcome.Done)
            {
                actions.Remove(action);
                targets.Remove(action);
            }

            return outcome;
        });
    }

    private async Task PauseAsync(Node node)
    {
        var masters = node.Get<Masters>();
        if (world.Chance(60))
        {
            world.Note("  resume all");
            await ResumeAsync(node);
        }
        else if (world.Chance(50))
        {
            world.Note("  pause all");
            await masters.PauseAllAsync("user", "by the seed", CancellationToken.None);
        }
        else
        {
            var master = world.Pick(world.Masters).Name;
            world.Note($"  pause {master}");
            await masters.PauseAsync(master, "user", "by the seed", CancellationToken.None);
        }
    }

    private async Task OnOneAsync<T>(string what, Func<ActionId, Task<T>> order)
    {
        if (actions.Count > 0)
        {
            var action = actions[^(1 + world.Random.Next(Math.Min(actions.Count, 6)))];
            world.Note($"  {what} of {action}");
            var outcome = await order(action);
            world.Note($"  {outcome}");
        }
    }

    private string Domain() => world.Masters.Count == 1 || world.Chance(50) ? "east" : "west";

    private List<string> Some() =>
        [.. Enumerable.Range(1, 6).Where(_ => world.Chance(60)).DefaultIfEmpty(1).Select(number => $"m{number}")];

    private static string Script(string line) =>
        JsonSerializer.Serialize(new { script = $"#!/bin/sh\n{line}\n", timeoutSeconds = 60 });
}
