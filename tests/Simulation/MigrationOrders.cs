using Saltern.Chaos.Migrations;
using Saltern.Server.Channels;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;
using Saltern.Simulator.Software;

namespace Saltern.Simulation;

/// <summary>What users order of channels and service packs, by the seed.</summary>
internal sealed class MigrationOrders(World world)
{
    private const double LongestRun = 200;

    private int ordered;

    /// <summary>Draws what runs on these minions come to from now on, and gives the arguments of a migration.</summary>
    public string Next(IEnumerable<string> minions, string domain)
    {
        var master = world.Masters.Find(one => one.Name == domain)!.Simulated;
        foreach (var minion in minions)
        {
            var outcome = OutcomeDraw.Next(world.Random, world.Chance(60) ? 5 : LongestRun);
            world.Note($"  runs on {domain}/{minion}: {outcome.Outcome}, dry {outcome.DryRun}, {outcome.Seconds} s");
            master.SetSoftware(minion, new SoftwareSetting { Dup = outcome });
        }

        var arguments = MigrationPlan.Arguments(world.Random, Rung(), dryRun: world.Chance(40));
        world.Note($"  {arguments}");
        return arguments;
    }

    /// <summary>Sets channels on record, where no migration holds the minion; true if they are to be brought.</summary>
    public async Task<bool> AssignAsync(Node node, IEnumerable<string> minions, string domain)
    {
        var labels = Ladder.Labels(Rung()).Split(' ');
        foreach (var minion in minions)
        {
            var key = await world.Database.ScalarAsync<long>(
                """
                select minion_key from minion m join key_domain d on d.id = m.key_domain_id
                where m.minion_id = $1 and d.name = $2
                """,
                minion, domain);
            var outcome = await node.Get<AssignmentOrders>().AssignAsync(
                new MinionKey(key), new ChannelAssignment(labels[0], labels[1..]), "user", CancellationToken.None);
            world.Note($"  {labels[0]} for {domain}/{minion}: {outcome.GetType().Name}");
        }

        return world.Chance(70);
    }

    /// <summary>A person decides about a change, one that waits for that if there is any.</summary>
    public async Task DecideAsync(Node node)
    {
        var changes = await world.QueryAsync(
            """
            select id from channel_change
            order by state in ('Unknown', 'Reverting') or attention is not null desc, id desc limit 4
            """,
            row => row.GetInt64(0));
        if (changes.Count > 0)
        {
            var (change, keep) = (world.Pick(changes), world.Chance(50));
            var outcome = await node.Get<ChangeOrders>().DecideAsync(change, keep, "user", CancellationToken.None);
            world.Note($"  {(keep ? "keep" : "take back")} {change}: {outcome.GetType().Name}");
        }
    }

    private int Rung() => Math.Min(Ladder.Rungs, 2 + (ordered++ / 2) + world.Random.Next(2));
}
