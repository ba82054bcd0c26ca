using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.ServicePacks;

namespace Saltern.Bench;

/// <summary>
/// The look for changes of channels about which something is to be decided, which is made at each bell, while a whole
/// fleet migrates.
/// </summary>
internal sealed class DueChangesBenchmark : IBenchmark
{
    private const int Minions = 100_000;

    /// <summary>
    /// Of one real migration of all minions 70 % are picked up; 10 % have failed as a guess and are asked for their
    /// record; 10 % have their channels taken back and are away; 10 % have succeeded. Before it each minion had a dry
    /// run whose result was read, but for a twentieth of them, where it was lost.
    /// </summary>
    private const string FillSql = """
        insert into action (kind, arguments, target, created_by, created_at, earliest_at, expires_at, deadline_seconds,
                            exclusive, safe_to_repeat, reads_body)
        select kind, '{}', '{}', 'bench', $1, $1, 'infinity', 14400, kind <> 'servicepack.result', true, 'always'
        from unnest(array['servicepack.migrate', 'servicepack.migrate', 'servicepack.result', 'channels.apply'])
            with ordinality as k(kind, number) order by number;
        insert into action_counts (action_id, total, queued) select id, 0, 0 from action;
        insert into submission (id, action_id, master_id, jid, minions, outstanding, created_at, deadline_at, not_after,
                                owner, lease_until, outcome, outcome_at)
        select a * 1000 + n, a, 1, 'jid' || a || '_' || n, 2000, 2000, $1, $1 + interval '4 h', 'infinity', 'bench', $1,
               'Accepted', $1
        from generate_series(1, 4) a cross join generate_series(0, 49) n;
        insert into action_target (action_id, minion_key, status, exclusive, submission_id, picked_up_at, settled_at,
                                   returned_at, guessed)
        select 1, minion_key, case when minion_key % 20 = 0 then 'Failed' else 'Completed' end, true,
               1000 + minion_key / 2000, $1, $1, case when minion_key % 20 > 0 then $1 end, minion_key % 20 = 0
        from minion order by minion_key;
        insert into action_target (action_id, minion_key, status, exclusive, submission_id, picked_up_at, settled_at,
                                   returned_at, guessed)
        select 2, minion_key,
               case when minion_key % 10 < 7 then 'PickedUp' when minion_key % 10 = 9 then 'Completed'
                    else 'Failed' end,
               true, 2000 + minion_key / 2000, $1, case when minion_key % 10 >= 7 then $1 end,
               case when minion_key % 10 >= 8 then $1 end, minion_key % 10 = 7
        from minion order by minion_key;
        insert into action_target (action_id, minion_key, status, exclusive, submission_id, picked_up_at)
        select 3, minion_key, 'PickedUp', false, 3000 + minion_key / 2000, $1
        from minion where minion_key % 10 = 7 order by minion_key;
        insert into action_target (action_id, minion_key, status, exclusive)
        select 4, minion_key, 'Queued', true from minion where minion_key % 10 = 8 order by minion_key;
        insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, before, after, state,
                                    recorded_at, decided_at, ended_at, reported)
        select 1, minion_key, 'r-dry', true, '105', '', '{}', '{}', 'Reverted', $1, $1, $1, minion_key % 20 > 0
        from minion order by minion_key;
        insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, before, after, state,
                                    recorded_at, decided_at, ended_at, apply_action_id, ask_action_id, due_at)
        select 2, minion_key, 'r-real', false, '105', '', '{}', '{}', s.state, $1,
               case when s.state in ('Reverting', 'Kept') then $1 end, case when s.state = 'Kept' then $1 end,
               case s.state when 'Reverting' then 4 end, case s.state when 'Unknown' then 3 end, $1 + interval '1 h'
        from minion cross join lateral (
            select (array['Unknown', 'Reverting', 'Kept'])[greatest(minion_key % 10 - 6, 0)] as other) o
        cross join lateral (select coalesce(o.other, 'Open') as state) s
        order by minion_key;
        """;

    /// <summary>A hundred runs have ended.</summary>
    private const string EndSql = """
        update action_target set status = 'Failed', settled_at = $1, guessed = true
        where action_id = 2 and minion_key % 1000 = 1
        """;

    private const string SeenSql = "update channel_change set attention = null, due_at = $1 where state <> 'Open'";

    public string Name => "due-changes";

    public string What =>
        "A look for changes of channels that are to be decided (`ChangeReading.DueSql`) with 200,000 changes of "
        + "100,000 minions, of which 70,000 are open with runs under way, 10,000 wait for the minion's record, 10,000 "
        + "for a "
        + "minion to take its channels back, and 5,000 for the result of a dry run that may come late: while nothing "
        + "is due, and when 100 runs have ended. Tables as a migration leaves them, before and after they are "
        + "vacuumed.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        await using var database = await ground.CreateDatabaseAsync();
        await using var rig = await CoreRig.StartAsync(database);
        await rig.AddMinionsAsync(Minions);
        await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        var now = rig.Clock.GetUtcNow();
        foreach (var sql in FillSql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            await Statement.ExecuteAsync(
                connection, sql, sql.Contains("$1", StringComparison.Ordinal) ? [now] : [], TimeSpan.FromMinutes(5),
                cancellationToken);
        }

        await database.ExecuteAsync("analyze");
        await Statement.ExecuteAsync(
            connection, ChangeReading.SetAsideSql, [now, 1_000_000, "seen"], TimeSpan.FromMinutes(5),
            cancellationToken);
        await database.ExecuteAsync(SeenSql, now.AddHours(1));
        var unvacuumed = await IdleAsync(ground, connection, now, "nothing due, not vacuumed");
        await database.ExecuteAsync("vacuum analyze");
        var idle = await IdleAsync(ground, connection, now, "nothing due");
        await database.ExecuteAsync(EndSql, now);
        var some = await Rounds.RunAsync(
            ground.Sizes.Rounds, ("100 due", () => Rounds.TimeAsync(() => LookAsync(connection, now, 100))));
        return
        [
            Figure.AtMost("a look when nothing is due", idle.Median * 1000, 100, " ms", idle.In("s")),
            Figure.AtMost(
                "the same before tables are vacuumed", unvacuumed.Median * 1000, 100, " ms", unvacuumed.In("s")),
            Figure.AtMost("a look when 100 are due", some[0].Median * 1000, 100, " ms", some[0].In("s")),
        ];
    }

    private static async Task<Series> IdleAsync(
        Ground ground, Npgsql.NpgsqlConnection connection, DateTimeOffset now, string name) =>
        (await Rounds.RunAsync(
            ground.Sizes.Rounds, (name, () => Rounds.TimeAsync(() => LookAsync(connection, now, 0)))))[0];

    private static async Task LookAsync(Npgsql.NpgsqlConnection connection, DateTimeOffset now, int due)
    {
        var found = await Statement.QueryAsync(
            connection, ChangeReading.DueSql, [now, 200], row => row.GetInt64(0), CancellationToken.None);
        UnfinishedWorkException.Require(due, found.Count, "changes found due");
    }
}
