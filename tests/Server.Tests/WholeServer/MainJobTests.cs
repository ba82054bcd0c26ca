using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using Saltern.Simulator;
using Saltern.Simulator.Faults;
using Xunit;

namespace Saltern.Server.Tests.WholeServer;

public sealed class MainJobTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Minions = 60;
    private ServerRig rig = null!;

    public async ValueTask InitializeAsync() => rig = await ServerRig.StartAsync(
        postgres, Minions, options => options with { RebootTime = TimeSpan.FromSeconds(3) },
        ("Dispatch:Lease", "00:00:08"), ("Results:Sweep", "00:00:01"), ("Dispatch:EvidenceGrace", "00:00:01"),
        ("Masters:0:MasterTimeoutSeconds", "1"),
        ("Masters:0:SubmitTimeoutSeconds", "4"), ("Masters:0:ConnectTimeoutSeconds", "2"));

    public async ValueTask DisposeAsync() => await rig.DisposeAsync();

    [Theory]
    [InlineData("ping", "{}")]
    [InlineData("state.apply", """{"states":["ok"]}""")]
    [InlineData("script.run", """{"script":"#!/bin/sh\necho hello\n"}""")]
    [InlineData("package.refresh", "{}")]
    [InlineData("hardware.refresh", "{}")]
    [InlineData("salt.call", """{"function":"test.arg","args":["a"]}""")]
    public async Task An_action_of_each_kind_completes_on_every_minion(string kind, string arguments)
    {
        var action = await rig.ScheduleAsync(kind, arguments);

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
    }

    [Fact]
    public async Task Named_packages_are_updated_where_they_are_installed_and_installed_nowhere()
    {
        var action = await rig.ScheduleAsync("package.update", """{"packages":["systemd","zypper","tree"]}""");

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
        // Some minions are Debian or Ubuntu, which have no zypper.
        Assert.Equal(Minions, await rig.Database.ScalarAsync<long>(
            """
            select count(*) from salt.salt_returns
            where return -> 'pkg_|-saltern_packages_|-saltern_packages_|-latest' -> 'changes' ->> 'systemd' is not null
                and (return -> 'test_|-saltern_not_installed_|-tree_|-succeed_without_changes' is not null
                    or return -> 'test_|-saltern_not_installed_|-zypper, tree_|-succeed_without_changes' is not null)
            """));
    }

    [Theory]
    [InlineData("state.apply", """{"states":["fails"]}""", "state")]
    [InlineData("state.apply", """{"states":["badrender"]}""", "Rendering SLS")]
    [InlineData("script.run", """{"script":"#!/bin/sh\nexit 3\n"}""", "3")]
    [InlineData("script.run", """{"script":"#!/bin/sh\nsleep 20\n","timeoutSeconds":1}""", "1 second")]
    [InlineData("salt.call", """{"function":"no.such"}""", "not available")]
    [InlineData("salt.call", """{"function":"test.false"}""", "false")]
    public async Task What_goes_wrong_on_a_minion_is_told_in_its_reason(string kind, string arguments, string reason)
    {
        var action = await rig.ScheduleAsync(kind, arguments, new TargetSelection { Minions = ["minion0001"] });

        Assert.Equal("Failed", await rig.UntilEndedAsync(action));
        Assert.Contains(reason, await rig.Database.ScalarAsync<string>(
            "select reason from action_target where action_id = $1", action.Value), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(FaultNames.AnswerThenDrop)]
    [InlineData(FaultNames.DropBeforePublish)]
    [InlineData(FaultNames.Http500AfterPublish)]
    [InlineData(FaultNames.Http500BeforePublish)]
    [InlineData(FaultNames.Html502)]
    [InlineData(FaultNames.Http401)]
    [InlineData(FaultNames.Http403)]
    [InlineData(FaultNames.Hang)]
    public async Task A_call_that_goes_wrong_once_loses_nothing_and_runs_nothing_twice(string fault)
    {
        rig.Master.Faults.Set(fault, count: 1, function: "state.apply");

        var action = await rig.ScheduleAsync("state.apply", """{"states":["ok"]}""");

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
    }

    [Fact]
    public async Task A_function_that_the_master_does_not_permit_fails_its_targets_once()
    {
        rig.Master.Faults.Set(FaultNames.NotPermitted, function: "state.apply");

        var action = await rig.ScheduleAsync("state.apply", """{"states":["ok"]}""");

        Assert.Equal("Failed", await rig.UntilEndedAsync(action));
        Assert.Equal("Completed", await rig.UntilEndedAsync(await rig.ScheduleAsync("ping")));
    }

    [Fact]
    public async Task Returns_that_come_twice_or_late_or_in_an_open_transaction_settle_once()
    {
        rig.Master.Faults.Set(FaultNames.ReturnTwice, seconds: 0.2, minion: "minion000?");
        rig.Master.Faults.Set(FaultNames.CommitLate, seconds: 1, minion: "minion001?");
        rig.Master.Faults.Set(FaultNames.ReturnLate, seconds: 1, minion: "minion002?");

        var action = await rig.ScheduleAsync("state.apply", """{"states":["ok"]}""");

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
    }

    [Fact]
    public async Task A_check_of_the_master_sends_a_ping_and_sees_its_whole_way_back()
    {
        Assert.True(rig.Get<SaltMasters>().TryGet(rig.Master.Name, out var api));

        var check = await rig.Get<MasterLook>().AtAsync(api, null, CancellationToken.None);

        Assert.True(check.Good, string.Join("; ", check.Lines));
        Assert.Equal(
            [
                ("address", "warning"), ("login", "ok"), ("external_auth", "ok"), ("wheel", "ok"), ("runner", "ok"),
                ("publish", "ok"), ("return", "ok"), ("job cache", "ok"), ("event_return", "ok"),
                ("event_return_whitelist", "ok"), ("master_id", "ok"), ("returner", "warning"), ("clocks", "ok"),
                ("start events", "open"), ("keep_jobs", "ok"),
            ],
            check.Lines.Select(line => (line.Subject, line.State)));
    }

    [Fact]
    public async Task A_check_that_waits_for_a_start_event_is_good_when_one_arrives_and_not_without()
    {
        Assert.True(rig.Get<SaltMasters>().TryGet(rig.Master.Name, out var api));
        var check = rig.Get<MasterLook>().AtAsync(api, TimeSpan.FromSeconds(60), CancellationToken.None);
        while (!check.IsCompleted)
        {
            rig.Master.Reconnect("minion0007");
            await Task.WhenAny(check, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System));
        }

        Assert.True((await check).Good);
        var vain = await rig.Get<MasterLook>().AtAsync(api, TimeSpan.FromMilliseconds(1), CancellationToken.None);
        Assert.False(vain.Good);
        Assert.Equal("failed", vain.Lines.Single(line => line.Subject == "start events").State);
    }

    [Fact]
    public async Task A_check_of_a_master_whose_returns_are_lost_says_that_none_came()
    {
        rig.Master.Faults.Set(FaultNames.LoseReturns);
        Assert.True(rig.Get<SaltMasters>().TryGet(rig.Master.Name, out var api));

        var check = await rig.Get<MasterLook>().AtAsync(api, null, CancellationToken.None);

        Assert.False(check.Good);
        Assert.Equal(
            [("publish", "ok"), ("return", "failed")],
            check.Lines.Where(line => line.Subject is "publish" or "return")
                .Select(line => (line.Subject, line.State)));
    }

    [Fact]
    public async Task A_check_of_a_master_without_minions_judges_the_rest_and_is_not_good()
    {
        await using var empty = await ServerRig.StartAsync(postgres, 0);
        Assert.True(empty.Get<SaltMasters>().TryGet(empty.Master.Name, out var api));

        var check = await empty.Get<MasterLook>().AtAsync(api, null, CancellationToken.None);

        Assert.False(check.Good);
        Assert.Equal(
            [("publish", "open"), ("return", "open"), ("job cache", "ok")],
            check.Lines.Where(line => line.Subject is "publish" or "return" or "job cache")
                .Select(line => (line.Subject, line.State)));
    }

    [Fact]
    public async Task A_look_at_a_master_that_records_nothing_here_says_what_to_set()
    {
        await using var elsewhere = await ServerRig.StartAsync(
            postgres, 2, options => options with { Cache = CacheKind.File });
        Assert.True(elsewhere.Get<SaltMasters>().TryGet(elsewhere.Master.Name, out var api));

        var check = await elsewhere.Get<MasterLook>().AtAsync(api, null, CancellationToken.None);

        Assert.Contains("master_job_cache", check.Lines.Single(line => line.Subject == "job cache").Says,
            StringComparison.Ordinal);
        Assert.False(check.Good);
    }

    [Fact]
    public async Task With_the_trigger_gone_everything_still_settles()
    {
        await rig.Database.ExecuteAsync("drop trigger take_return on salt.salt_returns");

        var action = await rig.ScheduleAsync("ping");

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
    }

    [Fact]
    public async Task A_minion_that_is_down_fails_as_a_guess_and_the_others_complete()
    {
        rig.Master.TakeDown("minion0007");

        var action = await rig.ScheduleAsync(
            "ping", change: order => order with { DeadlineSeconds = 3, GiveUpAfterSeconds = 6 });

        Assert.Equal("Failed", await rig.UntilEndedAsync(action));
        Assert.Equal("minion0007", await rig.Database.ScalarAsync<string>(
            """
            select string_agg(m.minion_id, ',') from action_target t join minion m using (minion_key)
            where t.action_id = $1 and t.status = 'Failed' and t.guessed
            """,
            action.Value));
    }

    [Fact]
    public async Task A_reboot_ends_when_the_boot_id_has_changed()
    {
        var before = rig.Master.BootIdOf("minion0003");
        var action = await rig.ScheduleAsync("system.reboot", target: new TargetSelection { Minions = ["minion0003"] });
        await ServerRig.UntilAsync(
            () => rig.Database.ScalarAsync<long>("select count(*) from attempt where returned_at is not null"),
            returned => returned > 0, "the reboot is ordered");
        await rig.Database.ExecuteAsync("update ask set due_at = now()");

        Assert.NotNull(before);
        await ServerRig.UntilAsync(
            async () =>
            {
                await rig.Database.ExecuteAsync("update ask set due_at = now() where submission_id is null");
                rig.Get<Saltern.Server.Database.Bells>().Due.Ring();
                return await rig.Database.ScalarAsync<string>("select status from action where id = $1", action.Value);
            },
            status => status is "Completed" or "Failed", "the reboot ends");
        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.NotEqual(before, rig.Master.BootIdOf("minion0003"));
    }

    [Fact]
    public async Task A_cancelled_action_runs_on_nobody_who_was_still_queued()
    {
        var action = await rig.ScheduleAsync(
            "script.run", """{"script":"#!/bin/sh\nsleep 1\n"}""", change: order => order with { BatchSize = 5 });
        await ServerRig.UntilAsync(
            () => rig.Database.ScalarAsync<long>("select count(*) from action_target where status = 'Completed'"),
            completed => completed >= 5, "the first batch is through");
        await rig.Get<Cancelling>().CancelAsync(action, null, "tester", CancellationToken.None);
        await rig.UntilEndedAsync(action);

        Assert.Empty(await rig.ComplaintsAsync(action));
        Assert.Equal(
            await rig.Database.ScalarAsync<long>("select count(*) from action_target where status = 'Cancelled'"),
            Minions - rig.Master.Ledger.Jobs().Sum(jid => rig.Master.Ledger.OfJob(jid)
                .Count(entry => entry.Function == "cmd.exec_code_all")));
    }
}
