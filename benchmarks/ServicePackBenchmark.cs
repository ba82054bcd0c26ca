using System.Text.Json;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;

namespace Saltern.Bench;

/// <summary>Importing lists of SUSE's size, and reckoning targets of a large selection of minions.</summary>
internal sealed class ServicePackBenchmark : IBenchmark
{
    private const int Minions = 10_000;
    private const int ProductSets = 200;
    private const int Packages = 300;

    /// <summary>Sets differ in their service pack (of the first 40) and in their number of modules.</summary>
    private const string FillSql = """
        with made as (
            insert into product_set (digest, products)
            select decode(md5(n::text), 'hex'), (
                select json_agg(json_build_object('name', p.name, 'version', p.version, 'release', '0',
                                                  'arch', 'x86_64', 'isBase', p.kind = 'base'))
                from product p
                where p.version = '15.' || (n % 40)
                  and (p.kind = 'base' or substr(p.name, 7)::int < 10 + n / 40 * 4))
            from generate_series(0, $1 - 1) n returning id),
        numbered as (select id, row_number() over (order by id) - 1 as number from made)
        insert into minion_software (minion_key, product_set_id, products_at)
        select m.minion_key, s.id, now() from minion m join numbered s on s.number = m.minion_key % $1
        """;

    /// <summary>Dry runs of $1 minions: a tenth failed for one of five reasons, each plans $2 packages.</summary>
    private const string RunsSql = """
        with ordered as (
            insert into action (kind, arguments, target, created_by, created_at, earliest_at, expires_at,
                                deadline_seconds, exclusive, safe_to_repeat, reads_body)
            values ('servicepack.migrate', '{}', '{}', 'bench', now(), now(), 'infinity', 3600, true, true, 'always')
            returning id),
        counted as (insert into action_counts (action_id, total, queued) select id, $1, $1 from ordered),
        changed as (
            insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, after, state,
                                        recorded_at, decided_at, ended_at)
            select o.id, m.minion_key, 'r', true, '105', '', '{}', 'Reverted', now(), now(), now()
            from ordered o cross join minion m
            returning id, action_id, minion_key)
        insert into migration_run (change_id, action_id, minion_key, outcome, failure, cause, comment, problems,
                                   planned, removed, steps, reboot_needed, read_at)
        select c.id, c.action_id, c.minion_key, case when c.minion_key % 10 = 0 then 'Failed' else 'Succeeded' end,
               case when c.minion_key % 10 = 0 then 'conflict' end,
               case when c.minion_key % 10 = 0 then 'nothing provides lib' || c.minion_key % 50 end, 'so', '{}', '{}',
               array['foo' || c.minion_key % 7, 'bar'],
               array(select 'upgrade package' || n || ' 1.' || c.minion_key % 3 || ' → 2'
                     from generate_series(1, $2) n),
               false, now()
        from changed c
        """;

    /// <summary>The minions' real runs after these; what they did is reported as a server does it.</summary>
    private const string RealRunsSql = """
        with ordered as (
            insert into action (kind, arguments, target, created_by, created_at, earliest_at, expires_at,
                                deadline_seconds, exclusive, safe_to_repeat, reads_body)
            values ('servicepack.migrate', '{}', '{}', 'bench', now(), now(), 'infinity', 3600, true, true, 'always')
            returning id),
        counted as (
            insert into action_counts (action_id, total, queued)
            select id, (select count(*) from minion), (select count(*) from minion) from ordered)
        insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, after, state,
                                    recorded_at, decided_at, ended_at)
        select o.id, m.minion_key, 'r2', false, '105', '', '{}', 'Kept', now(), now(), now()
        from ordered o cross join minion m
        """;

    public string Name => "service-packs";

    public string What =>
        "Importing 1,500 products (as SUSE Customer Center lists them) and 5,000 channels (as SUSE Manager's "
        + "product_tree.json does), reading of the files included; and the targets of 10,000 minions over 200 sets of "
        + "products, with reading the catalogue of both; and the report over dry runs of 10,000 minions with 300 "
        + "packages each, then over as many real runs.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        await using var database = await ground.CreateDatabaseAsync();
        await using var rig = await CoreRig.StartAsync(database);
        var (scc, tree) = (SuseLists.Scc(), SuseLists.Tree(""));
        var moved = SuseLists.Tree("moved/");
        var round = 0;
        await rig.AddMinionsAsync(Minions);
        var taken = await Rounds.RunAsync(
            ground.Sizes.Rounds,
            ("first import", async () =>
            {
                await database.ExecuteAsync("delete from product; delete from software_channel; "
                    + "delete from product_channel; delete from product_extension; delete from product_successor");
                return await ImportAsync(rig, scc, tree);
            }),
            ("every channel changed", () => ImportAsync(rig, scc, round++ % 2 == 0 ? moved : tree)));
        UnfinishedWorkException.Require(
            SuseLists.Products, await database.ScalarAsync<long>("select count(*) from product"),
            "products");
        await database.ExecuteAsync(FillSql, ProductSets);
        var targets = await Rounds.RunAsync(
            ground.Sizes.Rounds, ("targets", () => Rounds.TimeAsync(() => TargetsAsync(rig))));
        await database.ExecuteAsync(RunsSql, Minions, Packages);
        await database.ExecuteAsync("analyze channel_change; analyze migration_run");
        var reports = await Rounds.RunAsync(
            ground.Sizes.Rounds, ("report", () => Rounds.TimeAsync(() => ReportAsync(rig))));
        var writing = await RunAllAsync(rig, cancellationToken);
        var compared = await Rounds.RunAsync(
            ground.Sizes.Rounds, ("comparison", () => Rounds.TimeAsync(() => CompareAsync(rig))));
        return
        [
            Figure.AtMost("importing 1,500 products and 5,000 channels", taken[0].Median, 5, " s", taken[0].In("s")),
            Figure.AtMost("importing them when all channels changed", taken[1].Median, 5, " s", taken[1].In("s")),
            Figure.AtMost(
                "targets of 10,000 minions over 200 sets of products", targets[0].Median, 1, " s",
                targets[0].In("s")),
            Figure.AtMost(
                "report over 10,000 dry runs of 300 packages each", reports[0].Median, 2, " s", reports[0].In("s")),
            Figure.AtMost(
                "report over 10,000 real runs, each compared with its dry run (120 steps differ)",
                compared[0].Median, 2, " s", compared[0].In("s")),
            Figure.Known(
                "writing one run's result down, comparison included, a hundred at a time", writing.In("ms")),
        ];
    }

    /// <summary>Each minion does a fifth of its packages otherwise than planned.</summary>
    private static async Task<Series> RunAllAsync(CoreRig rig, CancellationToken cancellationToken)
    {
        await rig.Database.ExecuteAsync(RealRunsSql);
        await using var connection = await rig.Database.DataSource.OpenConnectionAsync(cancellationToken);
        var changes = await Statement.QueryAsync(
            connection, "select id, minion_key from channel_change where not dry_run", [],
            row => (Id: row.GetInt64(0), Minion: row.GetInt64(1)), cancellationToken);
        var times = new List<double>();
        foreach (var some in changes.Chunk(100))
        {
            var told = some.Select(one => ReportWriting.Row(one.Id, new RunReport
            {
                RunId = "run",
                Outcome = RunOutcome.Succeeded,
                Comment = "so",
                Steps = [.. Enumerable.Range(1, Packages).Select(
                    package => $"upgrade package{package} 1.{one.Minion % 3} → {(package % 5 == 0 ? 3 : 2)}")],
            }));
            var time = await Rounds.TimeAsync(() => Statement.ExecuteAsync(
                connection, ReportWriting.ReportSql,
                [JsonSerializer.Serialize(told), TimeProvider.System.GetUtcNow()], cancellationToken));
            times.Add(time.TotalMilliseconds / some.Length);
        }

        await rig.Database.ExecuteAsync("analyze channel_change; analyze migration_run");
        return new Series(times);
    }

    private static async Task CompareAsync(CoreRig rig)
    {
        var action = new ActionId(await rig.Database.ScalarAsync<long>("select max(action_id) from migration_run"));
        var report = await rig.Get<MigrationReport>().OfAsync(action, CancellationToken.None);
        UnfinishedWorkException.Require(Minions, report!.Succeeded, "successes");
        UnfinishedWorkException.Require(50, report.Differences.Count, "differences that are shown");
    }

    private static async Task ReportAsync(CoreRig rig)
    {
        var action = new ActionId(await rig.Database.ScalarAsync<long>("select max(action_id) from migration_run"));
        var report = await rig.Get<MigrationReport>().OfAsync(action, CancellationToken.None);
        UnfinishedWorkException.Require(Minions / 10, report!.Failed, "failures");
        UnfinishedWorkException.Require(5, report.Failures.Count, "causes");
        UnfinishedWorkException.Require(Minions, report.Removals[0].Minions, "removals");
    }

    private static async Task TargetsAsync(CoreRig rig)
    {
        var (groups, _) = await rig.Get<ServicePackTargets>().ForAsync(
            new TargetSelection { Glob = "*" }, CancellationToken.None);
        UnfinishedWorkException.Require(ProductSets, groups!.Count, "groups");
        UnfinishedWorkException.Require(Minions, groups.Sum(group => group.Minions.Count), "minions");
        UnfinishedWorkException.Require(
            ProductSets, groups.Count(group => group.Targets.Targets.Any(target => target.WhyNot.Count == 0)),
            "groups with a target that is possible");
    }

    private static Task<TimeSpan> ImportAsync(CoreRig rig, string scc, string tree) =>
        Rounds.TimeAsync(() => SuseLists.ImportAsync(rig, scc, tree));
}
