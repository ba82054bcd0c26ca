using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Saltern.Rig;
using Saltern.Server.Housekeeping;

namespace Saltern.Bench;

/// <summary>
/// Masters returning: eight writers, one row and one commit at a time, into our job cache, into the same without its
/// trigger, and into the tables that Salt's documentation gives for its pgjsonb returner.
/// </summary>
internal sealed class InsertBenchmark : IBenchmark
{
    private const int Writers = 8;
    private const int DistinctBodies = 2_000;

    private const string InsertSql = """
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        values ('state.apply', $1, $2, $3, 'true', $4, $5)
        """;

    private const string StockSql = """
        drop schema salt cascade;
        create schema salt;
        create table salt.salt_returns (
            fun varchar(50) not null, jid varchar(255) not null, return jsonb not null, id varchar(255) not null,
            success varchar(10) not null, full_ret jsonb not null, alter_time timestamptz default now());
        create index on salt.salt_returns (id);
        create index on salt.salt_returns (jid);
        create index on salt.salt_returns (fun);
        create index on salt.salt_returns using gin (return) with (fastupdate = on);
        create index on salt.salt_returns using gin (full_ret) with (fastupdate = on)
        """;

    private readonly (string Return, string Full)[] bodies = RealisticReturns.Make(DistinctBodies);
    private int rounds;

    public string Name => "insert";

    public string What =>
        "Returns of 2 to 4 KB inserted into `salt_returns` by eight writers, one row a commit, with somebody listening "
        + "for the bell; against the same table without the trigger, and against Salt's stock schema for pgjsonb.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        await using var ours = await MakeAsync(ground);
        await using var bare = await MakeAsync(ground, "drop trigger take_return on salt.salt_returns");
        await using var stock = await MakeAsync(ground, StockSql);
        await using var bell = await ours.DataSource.OpenConnectionAsync(cancellationToken);
        await using (var listen = new NpgsqlCommand("listen saltern_inbox", bell))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        var each = ground.Sizes.ReturnsPerWriter;
        var taken = await Rounds.RunAsync(
            ground.Sizes.Rounds,
            ("without the trigger", () => InsertAsync(bare, each)),
            ("with the trigger", () => InsertAsync(ours, each)),
            ("stock schema", () => InsertAsync(stock, each)));
        await CheckAsync(ours, bare, stock, (long)each * Writers * ground.Sizes.Rounds);
        var rates = taken.Select(series => series.Rates(each * Writers)).ToArray();
        return
        [
            Figure.AtLeast(
                "rate with our trigger, part of the rate without", rates[1].Median / rates[0].Median, 0.8, "",
                $"{rates[1].In("a second")}; without {rates[0].In("a second")}"),
            Figure.AtLeast(
                "rate with our trigger, part of the stock schema's", rates[1].Median / rates[2].Median, 1, "",
                $"stock {rates[2].In("a second")}"),
        ];
    }

    private static async Task<TestDatabase> MakeAsync(Ground ground, string change = "select 1")
    {
        var database = await ground.CreateDatabaseAsync();
        await using var rig = await CoreRig.StartAsync(database);
        rig.Clock.Set(TimeProvider.System.GetUtcNow());
        await rig.Get<JobCacheDays>().MakeAsync(CancellationToken.None);
        await database.ExecuteAsync(change);
        return database;
    }

    private static async Task CheckAsync(TestDatabase ours, TestDatabase bare, TestDatabase stock, long rows)
    {
        foreach (var database in new[] { ours, bare, stock })
        {
            UnfinishedWorkException.Require(
                rows, await database.ScalarAsync<long>("select count(*) from salt.salt_returns"), "returns stored");
        }

        UnfinishedWorkException.Require(
            rows, await ours.ScalarAsync<long>("select count(*) from inbox"), "rows in our inbox");
        UnfinishedWorkException.Require(
            0, await bare.ScalarAsync<long>("select count(*) from inbox"), "rows in the inbox without the trigger");
    }

    private async Task<TimeSpan> InsertAsync(TestDatabase database, int each)
    {
        var round = Interlocked.Increment(ref rounds);
        await Ground.SettleDownAsync(database);
        var connections = await Task.WhenAll(Enumerable.Range(0, Writers).Select(
            _ => database.DataSource.OpenConnectionAsync().AsTask()));
        var took = await Rounds.TimeAsync(() => Task.WhenAll(connections.Select(
            (connection, writer) => Task.Run(() => WriteAsync(connection, round, writer, each)))));
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        return took;
    }

    private async Task WriteAsync(NpgsqlConnection connection, int round, int writer, int each)
    {
        await using var insert = new NpgsqlCommand(InsertSql, connection);
        var jid = insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text });
        // Untyped, as the returner sends them: json takes them, and jsonb.
        var result = insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Unknown });
        var minion = insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text });
        var full = insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Unknown });
        var at = insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await insert.PrepareAsync();
        for (var row = 0; row < each; row++)
        {
            var number = (writer * each) + row;
            var body = bodies[number % bodies.Length];
            jid.Value = string.Create(CultureInfo.InvariantCulture, $"2026030208{round:D4}{number / 2_000:D6}_s1");
            result.Value = body.Return;
            minion.Value = string.Create(CultureInfo.InvariantCulture, $"minion{number:D6}");
            full.Value = body.Full;
            at.Value = TimeProvider.System.GetUtcNow();
            await insert.ExecuteNonQueryAsync();
        }
    }
}
