using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Server.ServicePacks;

namespace Saltern.Simulation;

/// <summary>The server's passes, one at a time, in the order that the seed decides.</summary>
internal sealed class Passes(World world)
{
    /// <summary>One pass of a node; now and then its transaction fails at the commit.</summary>
    public async Task RunOneAsync(Node node)
    {
        var cut = world.Chance(5);
        if (cut)
        {
            var after = world.Random.Next(1, 5);
            world.Note($"  a transaction fails at its commit after {after} writes");
            await world.Database.ExecuteAsync(Ground.ArmSql, after);
        }

        var (name, pass) = Draw(node);
        if (!node.IsAt(name))
        {
            world.Note($"  {name}");
            await world.AfterPassAsync(node, await node.RunAsync(name, pass));
        }

        if (cut)
        {
            await world.Database.ExecuteAsync(Ground.DisarmSql);
        }
    }

    /// <summary>All passes of a node once, as its loops would do within a minute.</summary>
    public Task RunAllAsync(Node node) => RunInTurnAsync(node, All(node));

    /// <summary>
    /// Settles what there is, puts some of it into the inbox once more, also with the other outcome, and expects that
    /// nothing changes.
    /// </summary>
    public async Task SettleTwiceAsync(Node node)
    {
        if (!await node.RunAsync("settle", token => node.Get<Settler>().DrainAsync(token)))
        {
            return;
        }

        var before = await world.QueryAsync(Ground.PictureSql, row => row.GetString(0));
        var again = await world.Database.ExecuteAsync(Ground.ReplaySql, world.Chance(50), world.Random.Next());
        world.Note($"  {again} returns come again");
        if (await node.RunAsync("settle", token => node.Get<Settler>().DrainAsync(token)))
        {
            var after = await world.QueryAsync(Ground.PictureSql, row => row.GetString(0));
            Watch.Require(
                before.SequenceEqual(after), $"settling twice changed {string.Join("; ", before.Except(after))} to "
                + string.Join("; ", after.Except(before)));
        }
    }

    /// <summary>The job caches are searched for returns of guesses, and what is found settles.</summary>
    public async Task RevisitAsync(Node node)
    {
        await RunInTurnAsync(node, [Revisit(node), Settle(node)]);
    }

    /// <summary>Decides about channels whatever is to be decided by now; false where there was nothing.</summary>
    public static async Task<bool> DecideAsync(Node node)
    {
        var decided = 0;
        while (await node.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None) is > 0 and var some)
        {
            decided += some;
        }

        return decided > 0;
    }

    private async Task RunInTurnAsync(Node node, IEnumerable<(string Name, Func<CancellationToken, Task> Pass)> all)
    {
        foreach (var (name, pass) in all)
        {
            if (world.Nodes.Contains(node) && !node.IsAt(name))
            {
                await world.AfterPassAsync(node, await node.RunAsync(name, pass));
                await world.QuietAsync();
            }
        }
    }

    /// <summary>
    /// A node claims and is stopped before it sends; or it goes on, however long ago that was; or it dies in between.
    /// </summary>
    private (string Name, Func<CancellationToken, Task> Pass) ClaimOrSend(Node node)
    {
        if (node.Claimed.Count == 0)
        {
            var index = world.Random.Next(world.Masters.Count);
            var settings = world.SaltSettings[index];
            return ($"claim {settings.Name}", async token =>
            {
                var master = await MasterAsync(settings.Name);
                var claimed = await node.Get<Claiming>().ClaimAsync(master, settings, token);
                node.Claimed.AddRange(claimed.Select(submission => (index, submission)));
            });
        }

        var (at, submission) = node.Claimed[0];
        var name = world.SaltSettings[at].Name;
        return ($"send {name}", async token =>
        {
            node.Claimed.RemoveAt(0);
            node.Get<SaltMasters>().TryGet(name, out var api);
            await node.Get<Submitting>().SendAsync(submission, 0, await MasterAsync(name), api!, token);
        });
    }

    private async Task<MasterState> MasterAsync(string name) => (await world.QueryAsync(
        "select id from master where name = $1",
        row => new MasterState(row.GetInt32(0), name, false, true, null, false, TimeSpan.FromSeconds(15)), name))[0];

    private (string Name, Func<CancellationToken, Task> Pass) Draw(Node node) => world.Random.Next(100) switch
    {
        _ when world.Migrates && world.Chance(20) => Decide(node),
        < 14 => ClaimOrSend(node),
        < 38 => Serve(node, world.Random.Next(world.Masters.Count)),
        < 46 => Expire(node),
        < 68 => Settle(node),
        < 78 => Hear(node),
        < 92 => Sweep(node),
        < 98 => Collect(node),
        _ => Revisit(node),
    };

    private IEnumerable<(string Name, Func<CancellationToken, Task> Pass)> All(Node node) =>
    [
        Settle(node), Hear(node), Sweep(node), Collect(node), Settle(node), Expire(node),
        .. world.Migrates ? [Decide(node)] : Array.Empty<(string, Func<CancellationToken, Task>)>(),
        .. Enumerable.Range(0, world.Masters.Count).Select(index => Serve(node, index)),
    ];

    private (string Name, Func<CancellationToken, Task> Pass) Serve(Node node, int index) => (
        $"serve {world.SaltSettings[index].Name}",
        token => node.Get<Dispatcher>().ServeAsync(world.SaltSettings[index], token));

    private static (string Name, Func<CancellationToken, Task> Pass) Expire(Node node) =>
        ("start and expire", token => node.Get<Dispatcher>().StartAndExpireAsync(token));

    private static (string Name, Func<CancellationToken, Task> Pass) Settle(Node node) =>
        ("settle", token => node.Get<Settler>().DrainAsync(token));

    private static (string Name, Func<CancellationToken, Task> Pass) Decide(Node node) =>
        ("decide channels", token => node.Get<ChangeDeciding>().RunOnceAsync(token));

    private static (string Name, Func<CancellationToken, Task> Pass) Hear(Node node) => ("hear", async token =>
    {
        await node.Get<SignsOfLife>().RunOnceAsync(token);
        await node.Get<SignsOfLife>().WriteHeardAsync(token);
    });

    private static (string Name, Func<CancellationToken, Task> Pass) Sweep(Node node) => ("sweep", async token =>
    {
        await node.Get<MissedReturns>().RunOnceAsync(token);
        await node.Get<Overdue>().RunOnceAsync(token);
    });

    private (string Name, Func<CancellationToken, Task> Pass) Collect(Node node) => (
        $"collect {Collecting}", token => node.Get<ReturnCollector>().RunOnceAsync(token));

    private string Collecting => world.Masters.Find(master => master.Collects)?.Name ?? "nothing";

    private (string Name, Func<CancellationToken, Task> Pass) Revisit(Node node) => (
        $"revisit guesses, {Collecting}", token => node.Get<GuessRevisit>().RunOnceAsync(token));
}
