using Npgsql;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Housekeeping;

namespace Saltern.Server.Tests.Housekeeping;

public sealed class EndingDaysTests(PostgresServer server) : IAsyncLifetime
{
    private HousekeepingGround _ground = null!;

    public async ValueTask InitializeAsync()
    {
        _ground = await HousekeepingGround.MakeAsync(server, keptCharacters: 12);
        await _ground.MakeDaysAsync();
    }

    public ValueTask DisposeAsync() => _ground.DisposeAsync();

    [Fact]
    public async Task Results_are_kept_up_to_the_cap_and_marked_where_they_were_cut_and_the_day_goes()
    {
        var (_, jid) = await _ground.OrderAsync(3);
        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start);
        await _ground.ReturnAsync(jid, "m2", HousekeepingGround.Start, "\"0123456789\"");
        await _ground.ReturnAsync(jid, "m3", HousekeepingGround.Start, "\"0123456789x\\u0000\"");
        await _ground.Rig.SettleAsync();
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(10));
        Assert.Equal(2, await _ground.EndDaysAsync());
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(1));

        Assert.Equal(2, await _ground.EndDaysAsync());

        Assert.Equal(
            [("m1", "true", false), ("m2", "\"0123456789\"", false), ("m3", "\"0123456789x", true)],
            await ResultsAsync());
        Assert.False(await _ground.ExistsAsync("salt_returns_20260302"));
        Assert.False(await _ground.ExistsAsync("salt_events_20260302"));
        Assert.True(await _ground.ExistsAsync("salt_returns_20260303"));
    }

    [Fact]
    public async Task An_action_deleted_while_its_results_are_being_kept_leaves_none_behind()
    {
        var (action, jid) = await _ground.OrderAsync(1);
        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start);
        await _ground.Rig.SettleAsync();
        await using var keeping = await _ground.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await keeping.BeginTransactionAsync();
        Assert.Equal(1, await Statement.ExecuteAsync(
            keeping, ResultKeeping.KeepSql,
            [new[] { jid }, HousekeepingGround.Start.AddDays(-1), HousekeepingGround.Start.AddDays(1), 100],
            CancellationToken.None));

        var deleting = _ground.Rig.Get<Deleting>().DeleteAsync(action, "ann", CancellationToken.None);
        while (!deleting.IsCompleted && await _ground.Database.ScalarAsync<long>("""
            select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
            """) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        await transaction.CommitAsync();
        Assert.IsType<OrderOutcome.Done>(await deleting);

        Assert.Equal(0, await _ground.CountAsync("kept_result"));
    }

    [Fact]
    public async Task Of_two_copies_of_a_return_the_one_that_settled_is_kept()
    {
        var (_, jid) = await _ground.OrderAsync(1);
        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start, "1");
        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start.AddSeconds(1), "2");
        await _ground.Rig.SettleAsync();
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));

        await _ground.EndDaysAsync();

        Assert.Equal([("m1", "1", false)], await ResultsAsync());
    }

    [Fact]
    public async Task A_day_with_returns_that_are_not_settled_stays_until_they_are()
    {
        var (_, jid) = await _ground.OrderAsync(1);
        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start);
        // Only the inbox row is in the way.
        await _ground.Database.ExecuteAsync("update submission set outstanding = 0");
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));

        await _ground.EndDaysAsync();
        Assert.True(await _ground.ExistsAsync("salt_returns_20260302"));

        await _ground.Database.ExecuteAsync("update submission set outstanding = 1");
        await _ground.Rig.SettleAsync();
        await _ground.EndDaysAsync();
        Assert.False(await _ground.ExistsAsync("salt_returns_20260302"));
        Assert.Single(await ResultsAsync());
    }

    [Fact]
    public async Task A_day_from_which_targets_are_still_picked_up_stays()
    {
        var (action, _) = await _ground.OrderAsync(1);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));

        await _ground.EndDaysAsync();
        Assert.True(await _ground.ExistsAsync("salt_returns_20260302"));

        await _ground.Rig.GiveUpAsync();
        Assert.Equal("Failed", Assert.Single(await _ground.Rig.StatusesAsync(action)).Value);
        await _ground.EndDaysAsync();
        Assert.False(await _ground.ExistsAsync("salt_returns_20260302"));
    }

    [Fact]
    public async Task A_long_reader_of_the_day_puts_off_its_end_and_no_writer_waits()
    {
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));
        await using var reader = await _ground.BeginAsync("select count(*) from salt.salt_returns_20260302");
        await using var masters = await _ground.Master.ConnectAsync();

        var ending = _ground.EndDaysAsync();
        var written = 0;
        while (!ending.IsCompleted)
        {
            await InsertAsync(masters, $"m{++written}", "now()");
            await InsertAsync(masters, $"m{++written}", "'2026-03-03 12:00Z'");
        }

        // The reader still reads: had anything waited for it, this line would not be reached.
        await ending;
        Assert.True(await _ground.ExistsAsync("salt_returns_20260302"));
        Assert.Equal(written, await _ground.CountAsync("inbox"));
        await reader.DisposeAsync();
        await _ground.Database.ExecuteAsync("delete from inbox");
        await _ground.EndDaysAsync();
        Assert.False(await _ground.ExistsAsync("salt_returns_20260302"));
    }

    [Fact]
    public async Task A_writer_into_the_old_day_puts_off_its_end_and_loses_nothing()
    {
        var (_, jid) = await _ground.OrderAsync(1);
        await _ground.Database.ExecuteAsync("update submission set outstanding = 0");
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));
        await using var writer = await _ground.BeginAsync($"""
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
            values ('test.ping', '{jid}', 'true', 'm1', 'true', '{"{}"}', '2026-03-02 09:00Z')
            """);

        await _ground.EndDaysAsync();
        await using (var commit = new NpgsqlCommand("commit", writer))
        {
            await commit.ExecuteNonQueryAsync();
        }

        await _ground.EndDaysAsync();
        Assert.Equal(1, await _ground.CountAsync("salt.salt_returns_20260302"));
        Assert.Equal(1, await _ground.CountAsync("inbox"));
    }

    [Fact]
    public async Task Two_nodes_that_end_days_at_once_end_each_once()
    {
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(20));

        var ended = await Task.WhenAll(_ground.EndDaysAsync(), _ground.EndDaysAsync());

        Assert.Equal(8, ended.Sum() + await _ground.EndDaysAsync());
    }

    [Fact]
    public async Task A_return_for_a_day_that_has_ended_has_a_home_and_settles()
    {
        var (action, jid) = await _ground.OrderAsync(1);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));
        await _ground.Rig.GiveUpAsync();
        await _ground.EndDaysAsync();

        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start);
        await _ground.Rig.SettleAsync();

        Assert.Equal("Completed", Assert.Single(await _ground.Rig.StatusesAsync(action)).Value);
    }

    private static async Task InsertAsync(NpgsqlConnection connection, string minion, string at)
    {
        await using var command = new NpgsqlCommand(
            new Tests.Database.PgReturn("20260302080000000001_s1", minion) { AlterTime = at }.InsertSql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<List<(string, string?, bool)>> ResultsAsync()
    {
        await using var connection = await _ground.Database.DataSource.OpenConnectionAsync();
        return await Statement.QueryAsync(
            connection,
            """
            select m.minion_id, k.result, coalesce(k.cut, false)
            from attempt a join minion m using (minion_key)
            left join kept_result k using (action_id, minion_key, number)
            order by m.minion_id, a.number
            """,
            [], row => (row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetBoolean(2)),
            CancellationToken.None);
    }
}
