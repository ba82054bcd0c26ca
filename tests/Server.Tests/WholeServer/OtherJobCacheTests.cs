using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Simulator;
using Saltern.Simulator.Faults;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>A master with Salt's own file cache: everything comes in through the jobs runner.</summary>
public sealed class OtherJobCacheTests(PostgresServer postgres) : IAsyncLifetime
{
    private ServerRig rig = null!;

    public async ValueTask InitializeAsync() => rig = await ServerRig.StartAsync(
        postgres, 30, options => options with { Cache = CacheKind.File }, ("Masters:0:JobCache", "runner"),
        ("Results:CollectSoon", "00:00:01"), ("Results:Sweep", "00:00:01"), ("Results:FirstAskAfter", "00:00:01"),
        ("Results:ProofAfter", "00:00:02"), ("Results:RetryPause", "00:00:01"), ("Dispatch:AskDeadline", "00:00:04"));

    public async ValueTask DisposeAsync() => await rig.DisposeAsync();

    [Theory]
    [InlineData("ping", "{}", "Completed")]
    [InlineData("state.apply", """{"states":["ok"]}""", "Completed")]
    [InlineData("hardware.refresh", "{}", "Completed")]
    [InlineData("script.run", """{"script":"#!/bin/sh\necho x\n"}""", "Completed")]
    [InlineData("script.run", """{"script":"#!/bin/sh\nexit 3\n"}""", "Failed")]
    public async Task An_action_ends_as_it_does_with_our_own_job_cache(string kind, string arguments, string status)
    {
        var action = await rig.ScheduleAsync(kind, arguments);

        Assert.Equal(status, await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
        Assert.Equal(30, await rig.Database.ScalarAsync<long>(
            "select count(*) from action_target where action_id = $1 and returned_at is not null and not guessed",
            action.Value));
    }

    [Fact]
    public async Task What_never_returned_is_found_missing_and_tried_again()
    {
        rig.Master.Faults.Set(FaultNames.NeverReturn, count: 30, function: "state.apply");

        var action = await rig.ScheduleAsync(
            "state.apply", """{"states":["ok"]}""", change: order => order with { DeadlineSeconds = 3 });

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
    }

    [Fact]
    public async Task A_guess_is_replaced_by_what_the_masters_own_job_cache_has_since()
    {
        var action = await rig.ScheduleAsync("ping");
        await rig.UntilEndedAsync(action);
        await rig.Database.ExecuteAsync("truncate salt.salt_returns");
        await rig.Database.ExecuteAsync(
            """
            with guess as (
                update action_target set status = 'Failed', guessed = true, returned_at = null
                where action_id = $1 and minion_key = (select min(minion_key) from action_target where action_id = $1))
            update action_counts set completed = completed - 1, failed = failed + 1 where action_id = $1
            """,
            action.Value);

        Assert.Equal(30, await rig.Get<GuessRevisit>().RunOnceAsync(CancellationToken.None));

        await ServerRig.UntilAsync(
            () => rig.Database.ScalarAsync<long>(
                "select count(*) from action_target where action_id = $1 and status = 'Completed' and not guessed",
                action.Value),
            completed => completed == 30, "all completed");
    }

    [Fact]
    public async Task A_return_is_stored_once_however_often_it_is_fetched()
    {
        var action = await rig.ScheduleAsync("ping");
        await rig.UntilEndedAsync(action);
        await rig.Database.ExecuteAsync(
            "update submission set outstanding = 1, collected_at = null where action_id = $1 and not is_ask",
            action.Value);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(
            _ => rig.Get<ReturnCollector>().RunOnceAsync(CancellationToken.None)));

        Assert.Equal(30, await rig.Database.ScalarAsync<long>(
            """
            select count(*) from salt.salt_returns r join submission s on s.jid = r.jid
            where s.action_id = $1 and not s.is_ask
            """,
            action.Value));
    }

    [Fact]
    public async Task A_check_of_the_master_says_how_its_returns_come()
    {
        Assert.True(rig.Get<SaltMasters>().TryGet(rig.Master.Name, out var api));

        var check = await rig.Get<MasterLook>().AtAsync(api, null, CancellationToken.None);

        Assert.True(check.Good);
        Assert.Contains(check.Lines, line => line.Subject == "job cache" && line.Says.Contains("list_job"));
    }
}
