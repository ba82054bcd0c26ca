using Saltern.Rig;
using Saltern.Server.Actions;

namespace Saltern.Bench;

/// <summary>Ordering one action on many minions, against a bare insert of as many rows of that width.</summary>
internal sealed class ScheduleBenchmark : IBenchmark
{
    private const string BareTableSql = """
        create schema bare;
        create table bare.target (like saltern.action_target including defaults);
        alter table bare.target add primary key (action_id, minion_key)
        """;

    private const string BareInsertSql = """
        insert into bare.target (action_id, minion_key, exclusive) select $1, minion_key, true from minion
        """;

    public string Name => "schedule";

    public string What =>
        "One action scheduled on all minions (checks, selection, targets, counters, order log, bell; one transaction), "
        + "against a bare `insert … select` of as many rows of that width into a table with the primary key alone.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        var minions = ground.Sizes.Targets;
        await using var database = await ground.CreateDatabaseAsync();
        await using var rig = await CoreRig.StartAsync(database);
        await rig.AddMinionsAsync(minions);
        await database.ExecuteAsync(BareTableSql);
        await ScheduleAsync(rig, minions);
        var bareActions = 0L;
        var taken = await Rounds.RunAsync(
            ground.Sizes.Rounds,
            ("bare insert", async () =>
            {
                await Ground.SettleDownAsync(database, "minion");
                return await Rounds.TimeAsync(() => database.ExecuteAsync(BareInsertSql, ++bareActions));
            }),
            ("schedule", () => ScheduleAsync(rig, minions)));
        UnfinishedWorkException.Require(
            bareActions * minions, await database.ScalarAsync<long>("select count(*) from bare.target"), "bare rows");
        var (bare, ours) = (taken[0], taken[1]);
        return
        [
            Figure.AtMost(
                $"scheduling one action on {minions:N0} minions, in bare inserts", ours.Median / bare.Median, 2, "",
                $"{ours.In("s")}; bare {bare.In("s")}"),
        ];
    }

    private static async Task<TimeSpan> ScheduleAsync(CoreRig rig, int minions)
    {
        await Ground.SettleDownAsync(rig.Database, "minion");
        var action = default(ActionId);
        var took = await Rounds.TimeAsync(async () => action = await rig.ScheduleAsync("state.apply"));
        UnfinishedWorkException.Require(minions, (await rig.ReadAsync(action)).Counts.Queued, "queued targets");
        return took;
    }
}
