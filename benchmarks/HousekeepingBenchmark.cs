using System.Diagnostics;
using Saltern.Rig;
using Saltern.Server.Housekeeping;

namespace Saltern.Bench;

/// <summary>
/// The end of a day of the job cache: of so many rows, and of a tenth of them; against a <c>delete</c> of that tenth.
/// </summary>
internal sealed class HousekeepingBenchmark : IBenchmark
{
    private const string FillSql = """
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        select 'state.apply', to_char($1::timestamptz, 'YYYYMMDDHH24MISS') || lpad((n / 2000)::text, 6, '0'),
               to_json(repeat(md5(n::text), 10)), 'minion' || n, 'true', to_json(repeat(md5(n::text), 10)), $1
        from generate_series(1, $2) n
        """;

    private const string DeleteSql = "delete from salt.salt_returns where alter_time >= $1 and alter_time < $2";

    public string Name => "housekeeping";

    public string What =>
        "The end of a day of the job cache that nothing in the history points to (look for unsettled returns, for "
        + "results to keep, empty, drop), of all its rows and of a tenth of them; against a `delete` of that tenth.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        var rows = ground.Sizes.DayRows;
        await using var database = await ground.CreateDatabaseAsync();
        await using var rig = await CoreRig.StartAsync(database);
        var days = rig.Get<JobCacheDays>();
        var taken = await Rounds.RunAsync(
            ground.Sizes.SettleRounds,
            ("the end of a day", () => EndAsync(rig, days, rows)),
            ("the end of a day of a tenth", () => EndAsync(rig, days, rows / 10)),
            ("a delete of a tenth", () => DeleteAsync(rig, days, rows / 10)));
        var (all, tenth, delete) = (taken[0].Median, taken[1].Median, taken[2].Median);
        return
        [
            Figure.AtMost(
                $"ending a day of {rows:N0} rows, in deletes of as many", all / (10 * delete), 0.1, "",
                $"{taken[0].In("s")}; a delete of a tenth {taken[2].In("s")}"),
            Figure.AtMost(
                "the same, in ends of a day of a tenth", all / tenth, 5, "", taken[1].In("s")),
        ];
    }

    private static async Task<TimeSpan> EndAsync(CoreRig rig, JobCacheDays days, int rows)
    {
        await FillAsync(rig, days, rows);
        rig.Clock.Advance(TimeSpan.FromDays(40));
        var watch = Stopwatch.StartNew();
        var ended = await days.EndAsync(CancellationToken.None);
        var took = watch.Elapsed;
        UnfinishedWorkException.Require(
            0, await rig.Database.ScalarAsync<long>("select count(*) from salt.salt_returns"),
            "rows of days that ended");
        return ended > 0 ? took : throw new UnfinishedWorkException("no day was ended");
    }

    private static async Task<TimeSpan> DeleteAsync(CoreRig rig, JobCacheDays days, int rows)
    {
        var at = await FillAsync(rig, days, rows);
        var watch = Stopwatch.StartNew();
        var deleted = await rig.Database.ExecuteAsync(DeleteSql, at, at.AddHours(1));
        var took = watch.Elapsed;
        UnfinishedWorkException.Require(rows, deleted, "rows deleted");
        rig.Clock.Advance(TimeSpan.FromDays(40));
        await days.EndAsync(CancellationToken.None);
        return took;
    }

    private static async Task<DateTimeOffset> FillAsync(CoreRig rig, JobCacheDays days, int rows)
    {
        await days.MakeAsync(CancellationToken.None);
        var at = rig.Clock.GetUtcNow();
        await using var connection = await rig.Database.DataSource.OpenConnectionAsync();
        await Server.Database.Statement.ExecuteAsync(
            connection, FillSql, [at, rows], TimeSpan.FromMinutes(5), CancellationToken.None);
        await Ground.SettleDownAsync(rig.Database, "salt.salt_returns");
        return at;
    }
}
