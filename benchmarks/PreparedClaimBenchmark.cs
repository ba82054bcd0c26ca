using System.Diagnostics;
using System.Globalization;
using Saltern.Rig;
using Saltern.Server.Dispatch;
using Saltern.Server.Salt;

namespace Saltern.Bench;

/// <summary>
/// Claims of kinds whose minions need different arguments, with everything that a claim holds locks for. A claim takes
/// a bounded number of calls, so that it is made again until nothing is queued.
/// </summary>
internal sealed class PreparedClaimBenchmark : IBenchmark
{
    private const int Minions = 1_000;
    private const int ProductSets = 200;

    /// <summary>
    /// Sets are of two service packs from which the same one can be reached, and differ in eight modules.
    /// </summary>
    private const string FillSql = """
        with made as (
            insert into product_set (digest, products)
            select decode(md5(n::text), 'hex'), (
                select json_agg(json_build_object('name', p.name, 'version', p.version, 'release', '0',
                                                  'arch', 'x86_64', 'isBase', p.kind = 'base'))
                from product p
                where p.version = '15.' || (38 + n % 2)
                  and (p.kind = 'base' or substr(p.name, 7)::int <= 8
                                          and (n >> (substr(p.name, 7)::int - 1)) & 1 = 1))
            from generate_series(0, $1 - 1) n returning id),
        numbered as (select id, row_number() over (order by id) - 1 as number from made)
        insert into minion_software (minion_key, product_set_id, products_at)
        select m.minion_key, s.id, now() from minion m join numbered s on s.number = m.minion_key % $1
        """;

    private const string CheckedSql = """
        insert into channel_availability (url, available, checked_at)
        select distinct url, true, now() from software_channel
        """;

    private const string ForgetSql = """
        truncate action, action_target, earlier_attempt, submission, minion_hold, channel_change, migration_run cascade
        """;

    public string Name => "prepared-claims";

    public string What =>
        "Claiming 1,000 minions over 200 sets of products, each with a call of its own, with a catalogue of 1,500 "
        + "products and 5,000 checked channels: `servicepack.migrate`, then `channels.apply`. The longest claim, since "
        + "it holds the master's lock and counters that settling waits for; and all until nothing is queued.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        await using var database = await ground.CreateDatabaseAsync();
        await using var rig = await CoreRig.StartAsync(database);
        await SuseLists.ImportAsync(rig, SuseLists.Scc(), SuseLists.Tree(""));
        await rig.AddMinionsAsync(Minions);
        await database.ExecuteAsync(FillSql, ProductSets);
        await database.ExecuteAsync(CheckedSql);
        await database.ExecuteAsync("analyze");
        var arguments = string.Create(CultureInfo.InvariantCulture, $$"""{"target": "{{SuseLists.Root(40)}}"}""");
        var migrations = new List<Claims>();
        var channels = new List<Claims>();
        for (var round = 0; round <= ground.Sizes.Rounds; round++)
        {
            await database.ExecuteAsync("truncate minion_channel");
            migrations.Add(await ClaimAsync(rig, "servicepack.migrate", arguments));
            channels.Add(await ClaimAsync(rig, "channels.apply", "{}"));
        }

        return [.. Figures("servicepack.migrate", migrations), .. Figures("channels.apply", channels)];
    }

    /// <summary>The first round compiles and does not count.</summary>
    private static IEnumerable<Figure> Figures(string kind, IEnumerable<Claims> all)
    {
        var rounds = all.Skip(1).ToList();
        var longest = new Series(rounds.Select(round => round.Longest.TotalSeconds));
        yield return Figure.AtMost(
            $"longest claim of {kind} for 1,000 minions over 200 sets", longest.Median, 1, " s", longest.In("s"));
        yield return Figure.Known(
            $"all claims of {kind} until nothing is queued",
            $"{new Series(rounds.Select(round => round.All.TotalSeconds)).In("s")}, in {rounds[^1].Count} claims");
    }

    private static async Task<Claims> ClaimAsync(CoreRig rig, string kind, string arguments)
    {
        await rig.Database.ExecuteAsync(ForgetSql);
        await rig.ScheduleAsync(kind, arguments);
        var master = new MasterState(
            await rig.Database.ScalarAsync<int>("select id from master"), "master1", false, true, null, false,
            TimeSpan.FromSeconds(15));
        var settings = new SaltMasterOptions { Name = "master1" };
        var (longest, all, count, calls) = (TimeSpan.Zero, TimeSpan.Zero, 0, 0);
        while (true)
        {
            var watch = Stopwatch.StartNew();
            var claimed = await rig.Get<Claiming>().ClaimAsync(master, settings, CancellationToken.None);
            var took = watch.Elapsed;
            if (claimed.Count == 0)
            {
                break;
            }

            (longest, all) = (took > longest ? took : longest, all + took);
            (count, calls) = (count + 1, calls + claimed.Count);
        }

        UnfinishedWorkException.Require(
            Minions,
            await rig.Database.ScalarAsync<long>("select count(*) from action_target where status = 'PickedUp'"),
            "minions picked up");
        UnfinishedWorkException.Require(ProductSets, calls, "calls");
        Ground.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"  {kind}: {count} claims, the longest {longest.TotalSeconds:0.000} s, all {all.TotalSeconds:0.000} s"));
        return new Claims(longest, all, count);
    }

    private sealed record Claims(TimeSpan Longest, TimeSpan All, int Count);
}
