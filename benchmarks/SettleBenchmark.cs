using Npgsql;
using NpgsqlTypes;
using Saltern.Rig;
using Saltern.Server.Actions;

namespace Saltern.Bench;

/// <summary>
/// Settling returns that wait in the inbox, against the least that PostgreSQL must do to set as many statuses; and the
/// same without one part of the work at a time, which tells what that part costs.
/// </summary>
internal sealed class SettleBenchmark : IBenchmark
{
    private const string BareTableSql = """
        create schema bare;
        create table bare.target (like saltern.action_target including defaults);
        alter table bare.target add primary key (action_id, minion_key), set (fillfactor = 70)
        """;

    private const string BareFillSql = """
        insert into bare.target (action_id, minion_key, status, exclusive, attempt, submission_id, picked_up_at)
        select $1, minion_key, 'PickedUp', true, 1, 1, now() from minion
        """;

    private const string BareUpdateSql = """
        update bare.target t set status = n.status, settled_at = n.settled_at
        from new_status n where t.action_id = n.action_id and t.minion_key = n.minion_key
        """;

    private readonly List<long> order = [];

    public string Name => "settle";

    public string What =>
        "Returns that sit in the inbox, settled by `Settler` in batches of its default size, two at a time (5,000; "
        + "match by jid and minion, status, attempt, outstanding, counters, inbox; one transaction each), and then the "
        + "sign of life of every minion; against one `COPY` to a temporary table and one `update … from` that set as "
        + "many statuses.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        var targets = ground.Sizes.Targets;
        await using var database = await ground.CreateDatabaseAsync();
        await database.ExecuteAsync(BareTableSql);
        await using var scene = await SettleScene.StartAsync(database, targets);
        await using var large = await scene.WithBatchesOfAsync(20_000);
        order.AddRange(await scene.ShuffledMinionsAsync());
        await scene.RunAsync(SettleVariant.Whole);
        var taken = await Rounds.RunAsync(
            ground.Sizes.SettleRounds,
            [
                ("bare copy and update", () => BareAsync(database)),
                .. SettleVariant.All.Select(
                    variant => (variant.Name, (Func<Task<TimeSpan>>)(() => scene.RunAsync(variant)))),
                ("batches of 20,000", () => scene.RunAsync(SettleVariant.Whole, large)),
            ]);
        return [.. Figures(targets, taken)];
    }

    private static IEnumerable<Figure> Figures(int targets, Series[] taken)
    {
        var rates = taken.Select(series => series.Rates(targets)).ToArray();
        yield return Figure.AtLeast(
            $"settling {targets:N0} returns, part of the bare rate", rates[1].Median / rates[0].Median, 0.5, "",
            $"{rates[1].In("a second")}; bare {rates[0].In("a second")}");
        var names = SettleVariant.All.Skip(1).Select(variant => variant.Name).Append("batches of 20,000");
        foreach (var (name, rate) in names.Zip(rates.Skip(2)))
        {
            yield return Figure.Known(
                $"the same, {name}", $"{Figure.Number(rate.Median / rates[0].Median)} ({rate.In("a second")})");
        }
    }

    private async Task<TimeSpan> BareAsync(TestDatabase database)
    {
        var action = 1 + await database.ScalarAsync<long>("select coalesce(max(action_id), 0) from bare.target");
        await database.ExecuteAsync(BareFillSql, action);
        await Ground.SettleDownAsync(database, "bare.target");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await Rounds.TimeAsync(async () =>
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await ExecuteAsync(connection, """
                create temporary table new_status (
                    action_id bigint, minion_key bigint, status text, settled_at timestamptz) on commit drop
                """);
            await CopyAsync(connection, action);
            UnfinishedWorkException.Require(
                order.Count, await ExecuteAsync(connection, BareUpdateSql), "rows the bare update changed");
            await transaction.CommitAsync();
        });
    }

    private async Task CopyAsync(NpgsqlConnection connection, long action)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var copy = await connection.BeginBinaryImportAsync("copy new_status from stdin (format binary)");
        foreach (var minion in order)
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(action, NpgsqlDbType.Bigint);
            await copy.WriteAsync(minion, NpgsqlDbType.Bigint);
            await copy.WriteAsync(nameof(TargetStatus.Completed), NpgsqlDbType.Text);
            await copy.WriteAsync(now, NpgsqlDbType.TimestampTz);
        }

        await copy.CompleteAsync();
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync();
    }
}
