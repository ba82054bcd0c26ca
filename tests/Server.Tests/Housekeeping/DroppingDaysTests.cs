using Npgsql;
using Saltern.Rig;

namespace Saltern.Server.Tests.Housekeeping;

/// <summary>A day goes as a file, not row by row, and its space is given back even where its name must stay.</summary>
public sealed class DroppingDaysTests(PostgresServer server) : IAsyncLifetime
{
    private const int Rows = 20_000;

    private HousekeepingGround _ground = null!;

    public async ValueTask InitializeAsync()
    {
        _ground = await HousekeepingGround.MakeAsync(server, keepEventDays: 3);
        await _ground.MakeDaysAsync();
    }

    public ValueTask DisposeAsync() => _ground.DisposeAsync();

    [Fact]
    public async Task No_row_is_deleted_when_a_day_ends()
    {
        await FillAsync();
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));
        var before = await DeletedAsync();

        await _ground.EndDaysAsync();
        // A session tells its statistics when it ends.
        _ground.Rig.Get<NpgsqlDataSource>().Clear();
        await ServerRig.UntilAsync(
            () => _ground.Database.ScalarAsync<long>(
                "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"),
            others => others <= 1, "the sessions have ended");

        Assert.False(await _ground.ExistsAsync("salt_returns_20260302"));
        // The catalogue's own rows are all that was deleted.
        Assert.InRange(await DeletedAsync() - before, 0, Rows / 10);
    }

    [Fact]
    public async Task A_long_reader_of_the_whole_table_keeps_the_name_of_the_day_but_not_its_rows_and_no_master_waits()
    {
        await FillAsync();
        var file = await FileAsync();
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(11));
        await using var reader = await _ground.BeginAsync(
            "select count(*) from salt.salt_returns where alter_time >= '2026-03-03Z'");
        await using var masters = await _ground.Master.ConnectAsync();

        var ending = _ground.EndDaysAsync();
        var written = 0;
        do
        {
            await using var insert = new NpgsqlCommand(
                new Database.PgReturn("20260313080000000001_s1", $"m{++written}").InsertSql, masters);
            await insert.ExecuteNonQueryAsync();
        }
        while (!ending.IsCompleted);

        await ending;
        Assert.True(_ground.Days.ReadersWereInTheWay);
        Assert.True(await _ground.ExistsAsync("salt_returns_20260302"));
        Assert.Equal(0, await _ground.CountAsync("salt.salt_returns_20260302"));
        Assert.NotEqual(file, await FileAsync());
        Assert.Equal(written, await _ground.CountAsync("inbox"));
        await reader.DisposeAsync();
        await _ground.Database.ExecuteAsync("delete from inbox");
        await _ground.EndDaysAsync();
        Assert.False(await _ground.ExistsAsync("salt_returns_20260302"));
        Assert.False(_ground.Days.ReadersWereInTheWay);
    }

    [Fact]
    public async Task Events_have_a_time_of_their_own()
    {
        await _ground.Database.ExecuteAsync("""
            insert into salt.salt_events (tag, data, master_id, alter_time)
            select 'salt/auth', '{}', 'master1', t::timestamptz
            from unnest(array['2026-03-02 09:00Z', '2026-03-05 09:00Z', null, '2076-01-01Z']) t
            """);
        await _ground.Database.ExecuteAsync("""
            insert into salt.salt_events (tag, data, master_id, alter_time)
            values ('salt/auth', '{}', 'master1', '2026-03-06 09:00Z')
            """);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(4));

        await _ground.EndDaysAsync();
        await _ground.RemoveRestAsync();

        Assert.False(await _ground.ExistsAsync("salt_events_20260302"));
        Assert.True(await _ground.ExistsAsync("salt_returns_20260302"));
        Assert.Equal(4, await _ground.CountAsync("salt.salt_events"));

        // What has no true time goes with those that came when it did.
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(3));
        await _ground.EndDaysAsync();
        await _ground.RemoveRestAsync();
        Assert.Equal(1, await _ground.CountAsync("salt.salt_events"));
    }

    private Task FillAsync() => _ground.Database.ExecuteAsync(
        """
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        select 'test.ping', '20260302080000' || lpad((n / 2000)::text, 6, '0'), 'true', 'm' || n, 'true', '{}',
               '2026-03-02 08:00Z'
        from generate_series(1, $1) n
        """,
        Rows);

    private Task<string?> FileAsync() =>
        _ground.Database.ScalarAsync<string>("select pg_relation_filepath('salt.salt_returns_20260302')");

    /// <summary>By PostgreSQL's own statistics, those of sessions that are still open included.</summary>
    private async Task<long> DeletedAsync()
    {
        await _ground.Database.ScalarAsync<string>("select pg_stat_force_next_flush()::text");
        return await _ground.Database.ScalarAsync<long>(
            "select tup_deleted from pg_stat_database where datname = current_database()");
    }
}
