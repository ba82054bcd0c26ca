using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Bench;

/// <summary>Brings an action to where all its returns sit in the inbox, and settles them.</summary>
internal sealed class SettleScene : IAsyncDisposable
{
    private const string ReturnSql = """
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        select 'some.function', s.jid, $2::json, m.minion_id, 'true',
               json_build_object('id', m.minion_id, 'jid', s.jid, 'return', $2::json, 'retcode', 0, 'success', true,
                                 'fun', 'some.function', 'fun_args', '[]'::json,
                                 '_stamp', '2026-03-02T08:00:00.000000'),
               $3
        from submission s
        join action_target t on t.action_id = s.action_id and t.submission_id = s.id
        join minion m on m.minion_key = t.minion_key
        where s.id = $1
        order by md5(m.minion_id)
        """;

    private readonly CoreRig rig;
    private readonly int targets;

    private SettleScene(CoreRig rig, int targets)
    {
        this.rig = rig;
        this.targets = targets;
    }

    public static async Task<SettleScene> StartAsync(TestDatabase database, int targets)
    {
        var rig = await CoreRig.StartAsync(
            database, settings: ("MaxInFlight", targets.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        await rig.AddMinionsAsync(targets);
        await rig.Get<Server.Housekeeping.JobCacheDays>().MakeAsync(CancellationToken.None);
        return new SettleScene(rig, targets);
    }

    public Task<CoreRig> WithBatchesOfAsync(int size) => CoreRig.StartAsync(
        rig.Database,
        settings: ("Results:BatchSize", size.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    public async Task<List<long>> ShuffledMinionsAsync()
    {
        await using var connection = await rig.Database.DataSource.OpenConnectionAsync();
        return await Statement.QueryAsync(
            connection, "select minion_key from minion order by minion_key / 2000, md5(minion_id)", [],
            row => row.GetInt64(0), CancellationToken.None);
    }

    /// <summary>How long settling took; what leads up to it does not count.</summary>
    public async Task<TimeSpan> RunAsync(SettleVariant variant, CoreRig? settling = null)
    {
        // Each run is an hour later, so that every return is the first sign of life for long.
        rig.Clock.Advance(TimeSpan.FromHours(1));
        settling?.Clock.Set(rig.Clock.GetUtcNow());
        var action = await rig.ScheduleAsync(variant.Kind, variant.Arguments);
        while (await rig.DispatchAsync() > 0)
        {
            // A pass claims a few submissions.
        }

        await ReturnAsync(action, variant.Result);
        await ExecuteEachAsync(variant.Before);
        await Ground.SettleDownAsync(
            rig.Database, "minion", "inbox", "submission", "action_target", "salt.salt_returns");
        var took = await Rounds.TimeAsync(async () =>
        {
            await (settling ?? rig).Settler.DrainAsync(CancellationToken.None);
            if (variant.WritesSignsOfLife)
            {
                await (settling ?? rig).Get<Server.Fleet.SignsOfLife>().WriteHeardAsync(CancellationToken.None);
            }
        });
        await ExecuteEachAsync(variant.After);
        UnfinishedWorkException.Require(targets, (await rig.ReadAsync(action)).Counts.Completed, "settled targets");
        UnfinishedWorkException.Require(
            0, await rig.Database.ScalarAsync<long>("select count(*) from inbox"), "rows left in the inbox");
        return took;
    }

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    private async Task ReturnAsync(ActionId action, string result)
    {
        await using var connection = await rig.Database.DataSource.OpenConnectionAsync();
        var submissions = await Statement.QueryAsync(
            connection, "select id from submission where action_id = $1 order by id", [action.Value],
            row => row.GetInt64(0), CancellationToken.None);
        foreach (var submission in submissions)
        {
            await Statement.ExecuteAsync(
                connection, ReturnSql, [submission, result, rig.Clock.GetUtcNow()], CancellationToken.None);
        }

        UnfinishedWorkException.Require(
            targets, await rig.Database.ScalarAsync<long>("select count(*) from inbox"), "returns in the inbox");
    }

    /// <summary>One at a time: a vacuum cannot share a transaction.</summary>
    private async Task ExecuteEachAsync(string sql)
    {
        const StringSplitOptions bare = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        foreach (var statement in sql.Split(';', bare))
        {
            await rig.Database.ExecuteAsync(statement);
        }
    }
}
