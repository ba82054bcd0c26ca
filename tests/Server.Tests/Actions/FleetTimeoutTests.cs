using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;

namespace Saltern.Server.Tests.Actions;

/// <summary>
/// Statements that write the rows of a whole fleet have a time-out of their own. A trigger makes them slow here.
/// </summary>
public sealed class FleetTimeoutTests(PostgresServer server) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private CoreRig rig = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(server);
        rig = await CoreRig.StartAsync(
            database, 1, null, ("Database:CommandTimeout", "00:00:01"), ("Housekeeping:KeepDays", "1"));
        await rig.AddMinionsAsync(2);
        await database.ExecuteAsync("""
            create function saltern.dawdle() returns trigger language plpgsql as
                $$ begin perform pg_sleep(1.5); return null; end $$;
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Orders_on_a_fleet_take_longer_than_other_statements_may()
    {
        await SlowDownAsync("action_target");

        var action = await rig.ScheduleAsync();
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.All, null, "ann", CancellationToken.None);
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        var deleted = await rig.Get<Deleting>().DeleteAsync(action, "ann", CancellationToken.None);

        Assert.Equal(2, Assert.IsType<OrderOutcome.Done>(deleted).Targets);
    }

    [Fact]
    public async Task So_does_finding_the_minions_of_an_action_when_it_starts()
    {
        await SlowDownAsync("action_target");
        var action = await rig.ScheduleAsync(change: order => order with { ResolveAtStart = true });

        await rig.Get<Resolving>().RunOnceAsync(CancellationToken.None);

        Assert.Equal(2, (await rig.ReadAsync(action)).Counts.Queued);
    }

    [Fact]
    public async Task So_does_keeping_the_results_of_a_day_that_ends()
    {
        var days = rig.Get<Server.Housekeeping.JobCacheDays>();
        await days.MakeAsync(CancellationToken.None);
        await rig.ScheduleAsync();
        await rig.DispatchAsync();
        var jid = rig.Salt[0].Submissions.Single().Jid;
        await rig.ReturnAsync(jid, "m1");
        await rig.ReturnAsync(jid, "m2");
        await rig.SettleAsync();
        await SlowDownAsync("kept_result");
        rig.Clock.Advance(TimeSpan.FromDays(3));

        await days.EndAsync(CancellationToken.None);

        Assert.Equal(2, await database.ScalarAsync<long>("select count(*) from kept_result where result = 'true'"));
    }

    private Task<int> SlowDownAsync(string table) => database.ExecuteAsync($"""
        create trigger dawdle after insert or update or delete on saltern.{table}
            for each statement execute function saltern.dawdle()
        """);
}
