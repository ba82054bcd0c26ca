using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.Dispatch;
using Saltern.Server.Salt;
using Saltern.Server.Tests.Rig;

namespace Saltern.Server.Tests.Dispatch;

/// <summary>
/// Clocks that differ or jump, and seconds whose jids are used up: nothing runs early, no jid is lost.
/// </summary>
public sealed class ClockTroubleTests(PostgresServer server) : CoreGround(server)
{
    [Theory]
    [InlineData(17)]
    [InlineData(-17)]
    public async Task A_node_whose_clock_is_wrong_by_minutes_goes_by_the_databases(int minutes)
    {
        var own = new TestClock(TimeProvider.System.GetUtcNow().AddMinutes(minutes));
        var clock = new SharedClock(own);

        var moved = await clock.MeasureAsync(database.DataSource, CancellationToken.None);

        Assert.InRange(moved.TotalMinutes, -minutes - 1, -minutes + 1);
        var truth = await database.ScalarAsync<DateTime>("select clock_timestamp()");
        Assert.InRange((clock.GetUtcNow() - truth).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.InRange((own.GetUtcNow() - clock.GetUtcNow()).TotalMinutes, minutes - 1, minutes + 1);
    }

    [Fact]
    public void A_clock_that_is_set_back_moves_nothing_and_is_noticed()
    {
        var own = new TestClock();
        var clock = new SharedClock(own);
        var began = own.GetUtcNow();

        own.Advance(TimeSpan.FromMinutes(5));
        own.Set(began.AddHours(-3));

        Assert.Equal(began.AddMinutes(5), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromMinutes(-185), clock.OwnAhead);
    }

    [Fact]
    public async Task A_small_difference_moves_nothing_since_a_measurement_is_no_better()
    {
        var clock = new SharedClock(TimeProvider.System);
        await clock.MeasureAsync(database.DataSource, CancellationToken.None);

        Assert.Equal(TimeSpan.Zero, await clock.MeasureAsync(database.DataSource, CancellationToken.None));
    }

    [Fact]
    public async Task Nothing_is_sent_before_its_time_by_a_clock_that_is_set_back_after_the_order()
    {
        var now = rig.Clock.GetUtcNow();
        await rig.ScheduleAsync(change: order => order with { EarliestAt = now.AddMinutes(10) });
        rig.Clock.Set(now.AddHours(-1));
        rig.Clock.Advance(TimeSpan.FromMinutes(69));
        await rig.DispatchAsync();
        Assert.Empty(Salt.Submissions);

        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await rig.DispatchAsync();
        Assert.Single(Salt.Submissions);
    }

    [Fact]
    public async Task Jids_of_a_second_that_is_used_up_are_taken_from_the_next_one()
    {
        await database.ExecuteAsync("alter sequence jid_serial maxvalue 3");
        await database.ExecuteAsync("""
            insert into salt.jids (jid, load)
            select to_char(timestamp '2026-03-02 08:00:00', 'YYYYMMDDHH24MISS') || lpad(n::text, 6, '0') || '_s1', '{}'
            from generate_series(0, 3) n
            """);

        var action = await rig.ScheduleAsync();
        await rig.DispatchAsync();

        Assert.StartsWith("20260302080001", Assert.Single(Salt.Submissions).Jid, StringComparison.Ordinal);
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
    }

    [Fact]
    public async Task A_jid_that_a_submission_has_already_is_passed_over_after_a_clock_was_set_back()
    {
        await rig.ScheduleAsync();
        await rig.DispatchAsync();
        await database.ExecuteAsync("alter sequence jid_serial restart with 0");
        await database.ExecuteAsync("update submission set jid = '20260302080000000000_s1'");

        await rig.ScheduleAsync();
        await rig.DispatchAsync();

        Assert.Equal("20260302080000000001_s1", Salt.Submissions.Last().Jid);
    }

    [Fact]
    public async Task Leases_from_before_the_databases_clock_was_set_back_end_and_nothing_is_sent_twice()
    {
        var action = await rig.ScheduleAsync();
        Salt.Answer = _ => new SubmitOutcome.Unclear("no answer");
        await rig.DispatchAsync();
        var jid = Assert.Single(Salt.Submissions).Jid;
        // As rows of before look when the clock has been set back by an hour.
        await database.ExecuteAsync("""
            update submission set lease_until = lease_until + interval '1 h',
                first_sent_at = first_sent_at + interval '1 h'
            """);

        Salt.Answer = _ => new SubmitOutcome.Accepted([]);
        await rig.DispatchAsync();

        Assert.Equal("Unclear", await database.ScalarAsync<string>("select outcome from submission"));
        Assert.Single(Salt.Submissions);
        await rig.ReturnAsync(jid, "m1");
        await rig.ReturnAsync(jid, "m2");
        await rig.SettleAsync();
        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
    }

    [Fact]
    public async Task A_database_made_for_a_zone_with_summer_time_has_days_of_24_hours()
    {
        await database.ExecuteAsync($"alter database {database.Name} set timezone = 'Europe/Berlin'");
        await using var fresh = DatabaseConnections.Build(
            new DatabaseOptions { ConnectionString = database.ConnectionString + ";Pooling=false" },
            NullLoggerFactory.Instance);
        await using var connection = await fresh.OpenConnectionAsync();

        // Clocks went forward on 29 March 2026 at 01:00 UTC.
        var end = await Statement.QueryAsync(
            connection, "select '2026-03-28 12:00Z'::timestamptz + $1::interval", [TimeSpan.FromDays(1)],
            row => row.GetFieldValue<DateTimeOffset>(0), CancellationToken.None);

        Assert.Equal(new DateTimeOffset(2026, 3, 29, 12, 0, 0, TimeSpan.Zero), end.Single());
    }
}
