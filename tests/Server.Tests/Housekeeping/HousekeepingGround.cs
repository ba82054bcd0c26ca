using Npgsql;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Housekeeping;
using Saltern.Server.Tests.Database;

namespace Saltern.Server.Tests.Housekeeping;

/// <summary>A job cache with its days, a clock, and an action whose returns lie in the first of them.</summary>
internal sealed class HousekeepingGround : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    private HousekeepingGround(TestDatabase database, CoreRig rig, PgJsonb master) =>
        (Database, Rig, Master) = (database, rig, master);

    public TestDatabase Database { get; }

    public CoreRig Rig { get; }

    public PgJsonb Master { get; }

    public JobCacheDays Days => Rig.Get<JobCacheDays>();

    public static async Task<HousekeepingGround> MakeAsync(
        PostgresServer server, int keptCharacters = 1_000, int keepEventDays = 10)
    {
        var database = await TestDatabase.CreateAsync(server);
        var rig = await CoreRig.StartAsync(
            database, 1, null, ("Housekeeping:DaysAhead", "2"), ("Housekeeping:KeepDays", "10"),
            ("Housekeeping:KeepEventDays", $"{keepEventDays}"), ("Housekeeping:KeepHistoryDays", "100"),
            ("Housekeeping:KeptResultCharacters", $"{keptCharacters}"));
        return new HousekeepingGround(database, rig, await PgJsonb.LogInAsync(database));
    }

    public async ValueTask DisposeAsync()
    {
        await Master.DisposeAsync();
        await Rig.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>Orders a ping of so many minions and hands it out; returns its jid.</summary>
    public async Task<(ActionId Action, string Jid)> OrderAsync(int minions)
    {
        await Rig.AddMinionsAsync(minions);
        var action = await Rig.ScheduleAsync();
        await Rig.DispatchAsync();
        return (action, Rig.Salt[0].Submissions.Last().Jid);
    }

    public Task ReturnAsync(string jid, string minion, DateTimeOffset at, string body = "true") =>
        Master.ReturnerAsync(new PgReturn(jid, minion) { AlterTime = $"'{at:O}'", Return = body });

    public Task<int> MakeDaysAsync() => Days.MakeAsync(CancellationToken.None);

    public Task<int> EndDaysAsync() => Days.EndAsync(CancellationToken.None);

    public Task<int> RemoveRestAsync() => Rig.Get<JobCacheRest>().RemoveAsync(CancellationToken.None);

    public Task<long> CountAsync(string table) => Database.ScalarAsync<long>($"select count(*) from {table}");

    public async Task<bool> ExistsAsync(string partition) =>
        await Database.ScalarAsync<string>($"select to_regclass('salt.{partition}')::text") is not null;

    public async Task<NpgsqlConnection> BeginAsync(string sql)
    {
        var connection = await Database.DataSource.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("begin; " + sql, connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
