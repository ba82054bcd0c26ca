using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Tests.Housekeeping;

namespace Saltern.Server.Tests.Actions;

/// <summary>The history is kept for 100 days here.</summary>
public sealed class OldActionsTests(PostgresServer server) : IAsyncLifetime
{
    private HousekeepingGround _ground = null!;

    public async ValueTask InitializeAsync() => _ground = await HousekeepingGround.MakeAsync(server);

    public ValueTask DisposeAsync() => _ground.DisposeAsync();

    [Fact]
    public async Task An_action_goes_with_all_that_hangs_on_it_when_its_time_is_over()
    {
        var (old, jid) = await _ground.OrderAsync(3);
        await ReturnAllAsync(jid, 3);
        await _ground.Database.ExecuteAsync("""
            insert into earlier_attempt (action_id, minion_key, number, submission_id, status, picked_up_at, ended_at)
            select action_id, minion_key, 7, submission_id, 'Failed', picked_up_at, settled_at from action_target;
            insert into kept_result (action_id, minion_key, number, result, cut)
            select action_id, minion_key, 7, '1', false from action_target;
            insert into ask (action_id, minion_key, purpose, due_at, answered_at)
            select action_id, minion_key, 'Ping', now(), now() from action_target
            """);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(99));
        var young = await _ground.Rig.ScheduleAsync();
        await _ground.Rig.DispatchAsync();
        await ReturnAllAsync(_ground.Rig.Salt[0].Submissions.Last().Jid, 3);
        Assert.Equal(0, await RunAsync());
        Assert.Equal("Completed", (await _ground.Rig.ReadAsync(old)).Status);

        _ground.Rig.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await RunAsync());

        Assert.Equal("Completed", (await _ground.Rig.ReadAsync(young)).Status);
        foreach (var table in (string[])["earlier_attempt", "kept_result", "ask", "removed_action"])
        {
            Assert.Equal(0, await _ground.CountAsync(table));
        }

        foreach (var table in (string[])["action_target", "action_counts", "submission", "order_log"])
        {
            Assert.Equal(0, await _ground.CountAsync($"{table} where action_id = {old}"));
        }

        Assert.Equal(3, await _ground.CountAsync($"action_target where action_id = {young}"));
        Assert.Equal(1, await _ground.CountAsync($"order_log where action_id = {young}"));
    }

    [Fact]
    public async Task Nothing_unfinished_and_no_return_that_is_not_settled_is_removed()
    {
        var (action, jid) = await _ground.OrderAsync(2);
        await ReturnAllAsync(jid, 1);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(200));
        Assert.Equal(0, await RunAsync());

        // Ended as a guess since long, and now its return comes after all.
        await _ground.Rig.GiveUpAsync();
        Assert.Equal("Failed", (await _ground.Rig.ReadAsync(action)).Status);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(200));
        await _ground.ReturnAsync(jid, "m2", HousekeepingGround.Start);
        Assert.Equal(0, await RunAsync());

        await _ground.Rig.SettleAsync();
        Assert.Equal("Completed", (await _ground.Rig.ReadAsync(action)).Status);
    }

    [Fact]
    public async Task A_fleet_goes_in_batches_and_a_pass_that_was_broken_off_is_finished_by_the_next()
    {
        const int many = (2 * OldActions.BatchSize) + 1;
        await _ground.Rig.AddMinionsAsync(many);
        var action = await _ground.Rig.ScheduleAsync(
            change: order => order with { EarliestAt = HousekeepingGround.Start.AddHours(1) });
        await _ground.Rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(101));
        await _ground.Database.ExecuteAsync($"""
            create function refuse() returns trigger language plpgsql as $$ begin
                if (select count(*) from gone) > {OldActions.BatchSize} then raise 'the session breaks'; end if;
                return null;
            end $$;
            create trigger refuse after delete on action_target referencing old table as gone
                for each statement execute function refuse()
            """);
        Assert.Equal(1, await RunAsync());
        Assert.Equal(0, await _ground.CountAsync("action_target"));

        await _ground.Database.ExecuteAsync("""
            insert into removed_action values (77);
            insert into kept_result values (77, 1, 1, '1', false)
            """);
        Assert.Equal(0, await RunAsync());
        Assert.Equal(0, await _ground.CountAsync("kept_result"));
        Assert.Equal(0, await _ground.CountAsync("removed_action"));
    }

    private Task<int> RunAsync() => _ground.Rig.Get<OldActions>().RunOnceAsync(CancellationToken.None);

    private async Task ReturnAllAsync(string jid, int minions)
    {
        for (var number = 1; number <= minions; number++)
        {
            await _ground.ReturnAsync(jid, $"m{number}", _ground.Rig.Clock.GetUtcNow());
        }

        await _ground.Rig.SettleAsync();
    }
}
