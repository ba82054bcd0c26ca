using Npgsql;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Saltern.Server.Results;

namespace Saltern.Server.Tests.Actions;

/// <summary>
/// Orders among other transactions, in real concurrent sessions: one that is ended by a deadlock is tried again, and
/// those of ours take their locks in one order.
/// </summary>
public sealed class OrderLocksTests(PostgresServer server) : IAsyncLifetime
{
    private const string HoldTargets = "select 1 from action_target for update";
    private const string HoldCounters = "select 1 from action_counts for update";
    private const string HoldAction = "select 1 from action for update";

    private TestDatabase database = null!;
    private CoreRig rig = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(server);
        // Of two sessions in a deadlock the one that has waited this long gives way; the tests' own waits far longer.
        await database.ExecuteAsync($"alter database {database.Name} set deadlock_timeout = '2s'");
        rig = await CoreRig.StartAsync(database);
        await rig.AddMinionsAsync(3);
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData("cancel", HoldTargets, HoldCounters)]
    [InlineData("reschedule", HoldCounters, HoldTargets)]
    [InlineData("delete", HoldCounters, HoldTargets)]
    public async Task An_order_that_a_deadlock_ends_is_tried_again(string verb, string held, string wanted)
    {
        var action = await rig.ScheduleAsync();
        if (verb != "cancel")
        {
            await OrderAsync("cancel", action);
        }

        await using var other = await BeginAsync(held);
        var order = OrderAsync(verb, action);
        await UntilSomebodyWaitsAsync();
        await ExecuteAsync(other, wanted);
        await ExecuteAsync(other, "commit");

        Assert.Equal(3, await order);
    }

    [Fact]
    public async Task Returns_whose_settling_a_deadlock_ends_are_settled_at_once_all_the_same()
    {
        var action = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        foreach (var minion in (string[])["m1", "m2", "m3"])
        {
            await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, minion);
        }

        await using var other = await BeginAsync(HoldCounters);
        var settling = rig.Get<Settler>().RunOnceAsync(CancellationToken.None);
        await UntilSomebodyWaitsAsync();
        await ExecuteAsync(other, HoldTargets);
        await ExecuteAsync(other, "commit");

        Assert.Equal(3, (await settling).Targets);
        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
    }

    [Theory]
    [InlineData("reschedule")]
    [InlineData("delete")]
    public async Task Orders_on_ended_targets_take_them_before_the_counters_as_settling_does(string verb)
    {
        var action = await rig.ScheduleAsync();
        await OrderAsync("cancel", action);

        await using var settling = await BeginAsync(HoldTargets);
        var order = OrderAsync(verb, action);
        await UntilSomebodyWaitsAsync();
        await ExecuteAsync(settling, HoldCounters + " nowait");
        await ExecuteAsync(settling, "commit");

        Assert.Equal(3, await order);
    }

    [Fact]
    public async Task Expiry_takes_the_counters_before_the_queued_targets_as_cancelling_does()
    {
        var action = await rig.ScheduleAsync();
        rig.Clock.Advance(TimeSpan.FromDays(2));

        await using var cancelling = await BeginAsync(HoldCounters);
        var expiry = rig.Get<Expiry>().RunOnceAsync(CancellationToken.None);
        await UntilSomebodyWaitsAsync();
        await ExecuteAsync(cancelling, HoldTargets + " nowait");
        await ExecuteAsync(cancelling, "commit");

        Assert.Equal(3, await expiry);
        Assert.Equal("Failed", (await rig.ReadAsync(action)).Status);
    }

    [Fact]
    public async Task Finding_the_minions_at_the_start_takes_the_counters_before_the_action_as_cancelling_does()
    {
        var action = await rig.ScheduleAsync(change: order => order with { ResolveAtStart = true });
        await using var cancelling = await BeginAsync(HoldCounters);

        Assert.False(await rig.Get<Resolving>().RunOnceAsync(CancellationToken.None));
        await ExecuteAsync(cancelling, HoldAction + " nowait");
        await ExecuteAsync(cancelling, "commit");

        Assert.True(await rig.Get<Resolving>().RunOnceAsync(CancellationToken.None));
        Assert.Equal(3, (await rig.ReadAsync(action)).Counts.Queued);
    }

    [Fact]
    public async Task What_is_ordered_anew_while_it_is_being_deleted_stays()
    {
        var action = await rig.ScheduleAsync();
        await OrderAsync("cancel", action);
        await using var other = await BeginAsync(HoldCounters);
        var deleting = rig.Get<Deleting>().DeleteAsync(action, "ann", CancellationToken.None);
        await UntilSomebodyWaitsAsync();
        await ExecuteAsync(other, "update action set status = 'Running', ended_at = null");
        await ExecuteAsync(other, "commit");

        Assert.Contains("is Running", Assert.IsType<OrderOutcome.Refused>(await deleting).Reason);
        Assert.Equal(3, (await rig.StatusesAsync(action)).Count);
    }

    private async Task<int> OrderAsync(string verb, ActionId action) => verb switch
    {
        "cancel" => Assert.IsType<CancelOutcome.Done>(
            await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None)).Cancelled,
        "reschedule" => Assert.IsType<OrderOutcome.Done>(await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.All, null, "ann", CancellationToken.None)).Targets,
        _ => Assert.IsType<OrderOutcome.Done>(
            await rig.Get<Deleting>().DeleteAsync(action, "ann", CancellationToken.None)).Targets,
    };

    private async Task<NpgsqlConnection> BeginAsync(string sql)
    {
        var connection = await database.DataSource.OpenConnectionAsync();
        await ExecuteAsync(connection, "begin; set local deadlock_timeout = '1h'");
        await ExecuteAsync(connection, sql);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task UntilSomebodyWaitsAsync()
    {
        while (await database.ScalarAsync<long>("""
            select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
            """) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
