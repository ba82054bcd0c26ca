using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Salt;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Channels as a transaction around each run.</summary>
public sealed class MigrationTests(PostgresServer server) : MigrationGround(server)
{
    private const string Real = """, "dryRun": false""";

    [Fact]
    public async Task Minions_of_the_same_products_share_a_call_and_have_the_new_channels_on_record_before_it()
    {
        string? onRecord = null;
        Salt.OnTheWay = async _ => onRecord = await ChannelsAsync();
        await OrderAsync(Real);
        await rig.DispatchAsync();

        Assert.Equal(After, onRecord);
        Assert.Equal(["m1", "m2"], LastSent.Minions.Order());
        Assert.Equal(("state.apply", "saltern.distupgrade"), (LastSent.Function, $"{LastSent.Call.Args[0]}"));
        var pillar = PillarOf(LastSent);
        Assert.Equal(After.Split(' '), pillar["channels"]!.AsArray().Select(channel => $"{channel!["label"]}"));
        Assert.Equal("false", pillar["dry_run"]!.ToJsonString());
        Assert.EndsWith("-real", $"{pillar["run_id"]}", StringComparison.Ordinal);
        Assert.Equal(2, await HeldAsync());
    }

    [Theory]
    [InlineData("succeeded")]
    [InlineData("failed")]
    public async Task After_a_dry_run_the_channels_are_those_of_before(string outcome)
    {
        await OrderAsync(minions: "m1");
        await rig.DispatchAsync();
        Assert.Equal(After, await ChannelsAsync());
        await RunEndsAsync(LastSent, "m1", outcome, changed: false);

        await TurnAsync();

        Assert.Equal((Before, "Reverted", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
        Assert.Equal("{foo}|{\"remove foo 1\",\"upgrade bash 5.1 → 5.2\"}", await database.ScalarAsync<string>(
            "select removed::text || '|' || steps::text from migration_run"));
    }

    [Fact]
    public async Task A_dry_run_that_is_lost_gives_the_channels_back_at_its_deadline_and_a_server_that_was_dead_later()
    {
        await OrderAsync(minions: "m1");
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromHours(25));

        await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None);

        Assert.Equal((Before, "Reverted", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_real_run_that_succeeds_keeps_them_and_what_is_installed_is_read_anew()
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: true);
        await TurnAsync();

        Assert.Equal((After, "Kept", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
        // Each with the deadline of ServicePacks:OrderDeadline.
        Assert.Equal(
            "hardware.refresh 600,products.refresh 600,repositories.refresh 600", await database.ScalarAsync<string>(
                "select string_agg(kind || ' ' || deadline_seconds, ',' order by kind) from action "
                + $"where id > {action}"));
    }

    [Fact]
    public async Task A_real_run_that_changed_nothing_goes_back_before_anything_else_is_done_there()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var other = await rig.ScheduleAsync("ping", target: new() { Minions = ["m1"] });
        await rig.DispatchAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(other))["m1"]);
        Assert.StartsWith(
            "its channels are changed by action",
            (await rig.Get<TargetLists>().FindAsync(other, "m1", null, CancellationToken.None)).Single().Reason);
        await RunEndsAsync(LastSent, "m1", "failed", changed: false);
        await TurnAsync();

        Assert.Equal((Before, "Reverting"), (await ChannelsAsync(), await StateAsync()));
        Assert.Equal("saltern.channels", $"{LastSent.Call.Args[0]}");
        Assert.Equal(Before.Split(' '), PillarOf(LastSent)["channels"]!.AsArray().Select(one => $"{one!["label"]}"));
        Assert.Equal("Queued", (await rig.StatusesAsync(other))["m1"]);

        await ChannelsAreSetAsync("m1");
        await TurnAsync();
        Assert.Equal(("Reverted", 0), (await StateAsync(), await HeldAsync()));
        Assert.Equal("PickedUp", (await rig.StatusesAsync(other))["m1"]);
    }

    [Fact]
    public async Task Channels_that_cannot_be_brought_back_are_tried_again_and_a_person_is_told()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "failed", changed: false);
        await TurnAsync();
        var first = LastSent;
        await rig.ReturnAsync(first.Jid, "m1", "\"Passed invalid arguments\"", 1, "state.apply");
        await TurnAsync();

        Assert.StartsWith("Reverting: the channels of before could not be brought back", await StateAsync());
        Assert.Equal(first.Jid, LastSent.Jid);
        rig.Clock.Advance(TimeSpan.FromMinutes(6));
        await TurnAsync();
        Assert.NotEqual(first.Jid, LastSent.Jid);
        await ChannelsAreSetAsync("m1");
        await TurnAsync();
        Assert.Equal(("Reverted", 0), (await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_half_done_run_keeps_them_for_a_person_and_may_be_run_again_as_a_run_of_its_own()
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var first = $"{PillarOf(LastSent)["run_id"]}";
        await RunEndsAsync(LastSent, "m1", "failed", changed: true);
        await TurnAsync();
        Assert.StartsWith("Kept: the run failed half-way", await StateAsync());
        Assert.Equal((After, 0), (await ChannelsAsync(), await HeldAsync()));

        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        Assert.NotEqual(first, $"{PillarOf(LastSent)["run_id"]}");
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: true);
        await TurnAsync();
        Assert.Equal((After, "Kept"), (await ChannelsAsync(), await StateAsync()));
    }

    [Theory]
    [InlineData("succeeded", true, "Kept", After)]
    [InlineData("failed", false, "Reverting", Before)]
    [InlineData("interrupted", true, "Kept: the run failed half-way", After)]
    [InlineData("not_begun", null, "Reverting", Before)]
    public async Task Of_a_run_nobody_knows_the_minions_record_decides_and_never_the_time(
        string outcome, bool? changed, string state, string channels)
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var runId = $"{PillarOf(LastSent)["run_id"]}";
        await rig.ReturnAsync(LastSent.Jid, "m1", "\"The minion function caused an exception\"", 1, "state.apply");
        await TurnAsync();

        Assert.StartsWith("Unknown: the run ended without saying", await StateAsync());
        Assert.Equal(("saltern_zypper.run_result", runId), (LastSent.Function, $"{LastSent.Call.Kwargs["run_id"]}"));
        rig.Clock.Advance(TimeSpan.FromDays(5));
        await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None);
        Assert.Equal((After, 1), (await ChannelsAsync(), await HeldAsync()));

        await RecordIsAsync(LastSent, "m1", runId, outcome, changed);
        await TurnAsync();
        Assert.StartsWith(state, await StateAsync());
        Assert.Equal(channels, await ChannelsAsync());
    }

    [Theory]
    [InlineData("""["No matching sls found for 'saltern.distupgrade' in env 'base'"]""", "Reverted", Before)]
    [InlineData("\"The minion function caused an exception\"", "Unknown: the run ended without", After)]
    public async Task States_that_were_not_run_at_all_leave_no_trace(string returned, string state, string channels)
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await rig.ReturnAsync(LastSent.Jid, "m1", returned, 1, "state.apply");
        await TurnAsync();

        Assert.StartsWith(state, await StateAsync());
        Assert.Equal(channels, await ChannelsAsync());
    }

    /// <summary>The clock stands still: nothing but what the settler rings wakes the loop.</summary>
    [Fact]
    public async Task What_was_settled_is_decided_at_once()
    {
        await OrderAsync();
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false);
        await rig.SettleAsync();
        var deciding = rig.Get<ChangeDeciding>();
        await deciding.StartAsync(CancellationToken.None);
        await UntilRevertedAsync("m1");

        await RunEndsAsync(LastSent, "m2", "succeeded", changed: false);
        await rig.SettleAsync();

        await UntilRevertedAsync("m2");
        await deciding.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_run_that_goes_on_is_asked_about_again_after_a_while()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var runId = $"{PillarOf(LastSent)["run_id"]}";
        await rig.ReturnAsync(LastSent.Jid, "m1", "\"Minion did not return\"", 1, "state.apply");
        await TurnAsync();
        var ask = LastSent;
        await RecordIsAsync(ask, "m1", runId, "running", null);
        await TurnAsync();
        Assert.StartsWith("Unknown: the run goes on", await StateAsync());
        Assert.Equal(ask.Jid, LastSent.Jid);

        rig.Clock.Advance(TimeSpan.FromMinutes(6));
        await TurnAsync();
        Assert.NotEqual(ask.Jid, LastSent.Jid);
        await RecordIsAsync(LastSent, "m1", runId, "succeeded", true);
        await TurnAsync();
        Assert.Equal((After, "Kept", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task Changes_end_with_the_history_and_those_that_are_not_decided_stay()
    {
        await OrderAsync(Real);
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: true);
        await TurnAsync();
        rig.Clock.Advance(TimeSpan.FromDays(364));
        Assert.Equal(0, await rig.Get<OldChanges>().RunOnceAsync(CancellationToken.None));
        rig.Clock.Advance(TimeSpan.FromDays(2));

        Assert.Equal(1, await rig.Get<OldChanges>().RunOnceAsync(CancellationToken.None));

        Assert.Equal("Open", await database.ScalarAsync<string>("select string_agg(state, ',') from channel_change"));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from migration_run"));
    }

    [Fact]
    public async Task A_late_proof_of_change_assigns_the_new_channels_again()
    {
        var (run, _) = await TakenBackAsync();
        rig.Clock.Advance(TimeSpan.FromMinutes(1));

        await RunEndsAsync(run, "m1", "succeeded", changed: true);
        await TurnAsync();

        Assert.StartsWith("Kept: the minion said after the channels had been taken back", await StateAsync());
        Assert.Equal(After, await ChannelsAsync());
        Assert.Equal(After.Split(' '), PillarOf(LastSent)["channels"]!.AsArray().Select(one => $"{one!["label"]}"));
    }

    [Fact]
    public async Task A_call_that_never_left_and_a_cancel_after_it_leave_no_trace()
    {
        Salt.Answer = _ => new SubmitOutcome.NotSent("no route to host", NotSentCause.Unreachable);
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        await TurnAsync();

        Assert.Equal((Before, "Reverted", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_minion_that_cannot_go_is_skipped_with_the_reason_and_the_others_go()
    {
        await rig.AddMinionsAsync(1, "n{0}");
        var action = await OrderAsync();
        await rig.DispatchAsync();

        Assert.Equal("Skipped", (await rig.StatusesAsync(action))["n1"]);
        Assert.Equal(["m1", "m2"], LastSent.Minions.Order());
        Assert.Contains("products", await database.ScalarAsync<string>(
            "select reason from action_target where status = 'Skipped'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_real_run_may_demand_that_the_same_passed_as_a_dry_run()
    {
        await OrderAsync(minions: "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false);
        await TurnAsync();
        var action = await OrderAsync(Real + """, "requireDryRunDays": 7""");
        await rig.DispatchAsync();
        Assert.Equal(["m1"], LastSent.Minions);
        Assert.Equal("Skipped", (await rig.StatusesAsync(action))["m2"]);

        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false);
        await TurnAsync();
        rig.Clock.Advance(TimeSpan.FromDays(8));
        var later = await OrderAsync(Real + """, "requireDryRunDays": 7""", "m1");
        await rig.DispatchAsync();
        Assert.Equal("Skipped", (await rig.StatusesAsync(later))["m1"]);
    }


    private async Task UntilRevertedAsync(string minion)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        while (await StateAsync(minion) != "Reverted")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }
    }
}
