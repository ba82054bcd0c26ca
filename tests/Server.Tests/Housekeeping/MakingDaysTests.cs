using Saltern.Rig;

namespace Saltern.Server.Tests.Housekeeping;

public sealed class MakingDaysTests(PostgresServer server) : IAsyncLifetime
{
    private HousekeepingGround _ground = null!;

    public async ValueTask InitializeAsync() => _ground = await HousekeepingGround.MakeAsync(server);

    public ValueTask DisposeAsync() => _ground.DisposeAsync();

    [Fact]
    public async Task Yesterday_today_and_the_days_ahead_are_made_once()
    {
        Assert.Equal(8, await _ground.MakeDaysAsync());
        Assert.Equal(0, await _ground.MakeDaysAsync());
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(2, await _ground.MakeDaysAsync());

        Assert.True(await _ground.ExistsAsync("salt_returns_20260301"));
        Assert.True(await _ground.ExistsAsync("salt_events_20260305"));
        Assert.False(await _ground.ExistsAsync("salt_returns_20260306"));
    }

    [Fact]
    public async Task Two_nodes_that_make_days_at_once_make_each_once()
    {
        var made = await Task.WhenAll(_ground.MakeDaysAsync(), _ground.MakeDaysAsync());

        Assert.Equal(8, made.Sum() + await _ground.MakeDaysAsync());
    }

    [Fact]
    public async Task What_lands_in_a_new_day_reaches_the_inbox_by_its_trigger()
    {
        await _ground.MakeDaysAsync();
        await _ground.ReturnAsync("20260302080000000001_s1", "first", HousekeepingGround.Start.Date.AddDays(1));
        await _ground.ReturnAsync(
            "20260302080000000001_s1", "last", HousekeepingGround.Start.Date.AddDays(2).AddMicroseconds(-1));
        await _ground.Database.ExecuteAsync("""
            insert into salt.salt_events (tag, data, master_id, alter_time)
            values ('salt/minion/web1/start', '{}', 'master1', '2026-03-03 12:00Z')
            """);

        Assert.Equal(2, await _ground.CountAsync("salt.salt_returns_20260303"));
        Assert.Equal(2, await _ground.CountAsync("inbox"));
        Assert.Equal(1, await _ground.CountAsync("salt.salt_events_20260303"));
        Assert.Equal(1, await _ground.CountAsync("start_inbox"));
    }

    [Fact]
    public async Task A_new_day_has_the_indexes_of_its_table_and_no_constraint_left_over()
    {
        await _ground.MakeDaysAsync();

        Assert.Equal(2, await _ground.Database.ScalarAsync<long>("""
            select count(*) from pg_inherits i join pg_index x on x.indexrelid = i.inhrelid
            where x.indrelid in ('salt.salt_returns_20260303'::regclass, 'salt.salt_events_20260303'::regclass)
            """));
        Assert.Equal(0, await _ground.Database.ScalarAsync<long>(
            "select count(*) from pg_constraint where connamespace = 'salt'::regnamespace and contype = 'c'"));
    }

    [Fact]
    public async Task A_day_whose_rows_lie_in_the_default_partition_is_not_made_and_loses_nothing()
    {
        await _ground.ReturnAsync("20260302080000000001_s1", "web1", HousekeepingGround.Start.AddDays(1));

        Assert.Equal(7, await _ground.MakeDaysAsync());

        Assert.False(await _ground.ExistsAsync("salt_returns_20260303"));
        await _ground.ReturnAsync("20260302080000000001_s1", "web2", HousekeepingGround.Start.AddDays(1));
        Assert.Equal(2, await _ground.CountAsync("salt.salt_returns_default"));
        Assert.Equal(2, await _ground.CountAsync("inbox"));
    }

    [Fact]
    public async Task A_long_reader_does_not_make_writers_wait_for_the_days_to_be_made()
    {
        await using var reader = await _ground.BeginAsync("select count(*) from salt.salt_returns");

        Assert.Equal(4, await _ground.MakeDaysAsync());
        await _ground.ReturnAsync("20260302080000000001_s1", "web1", HousekeepingGround.Start);

        Assert.Equal(1, await _ground.CountAsync("inbox"));
        await reader.DisposeAsync();
        Assert.Equal(3, await _ground.MakeDaysAsync());
    }
}
