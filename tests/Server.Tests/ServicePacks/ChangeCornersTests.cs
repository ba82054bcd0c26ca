using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Server.ServicePacks;
using Xunit;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Odd orders of events around a change of channels, each of which once led to wrong ones.</summary>
public sealed class ChangeCornersTests(PostgresServer server) : MigrationGround(server)
{
    private const string Real = """, "dryRun": false""";
    private const string Garbled = "\"The minion function caused an exception\"";

    [Fact]
    public async Task After_a_run_nobody_knows_another_ones_failure_proves_nothing_of_the_first()
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await rig.ReturnAsync(LastSent.Jid, "m1", Garbled, 1, "state.apply");
        await TurnAsync();
        await rig.ReturnAsync(LastSent.Jid, "m1", Garbled, 1, LastSent.Function);
        await TurnAsync();
        await AgainAsync(action);
        await RunEndsAsync(LastSent, "m1", "failed", changed: false);
        await TurnAsync();

        Assert.StartsWith("Kept: this run changed no package, but whether the one before it did", await StateAsync());
        Assert.Equal((After, 0), (await ChannelsAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_run_that_said_nothing_usable_and_was_ordered_again_and_cancelled_may_still_have_run()
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await rig.ReturnAsync(LastSent.Jid, "m1", Garbled, 1, "state.apply");
        await TurnAsync();
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        await TurnAsync();

        Assert.StartsWith("Unknown", await StateAsync());
        Assert.Equal((After, 1), (await ChannelsAsync(), await HeldAsync()));
    }

    [Theory]
    [InlineData("true", "Kept: the run failed half-way", After)]
    [InlineData("false", "Reverting", Before)]
    [InlineData("null", "Unknown: the run failed, and the minion cannot tell", After)]
    public async Task Where_its_result_does_not_tell_what_changed_the_minion_compares_its_packages(
        string changed, string state, string channels)
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var runId = $"{PillarOf(LastSent)["run_id"]}";
        await RunEndsAsync(LastSent, "m1", "interrupted", changed: null);
        await TurnAsync();
        Assert.StartsWith("Unknown: the run failed, and whether packages changed", await StateAsync());
        Assert.Equal(
            ("saltern_zypper.changed_since", runId), (LastSent.Function, $"{LastSent.Call.Kwargs["run_id"]}"));
        await rig.ReturnAsync(
            LastSent.Jid, "m1",
            $$"""
            {"run_id": "{{runId}}", "recorded": true, "began_to_change": true, "changed": {{changed}}, "changes": {} }
            """,
            0, LastSent.Function);
        await TurnAsync();

        Assert.StartsWith(state, await StateAsync());
        Assert.Equal(channels, await ChannelsAsync());
    }

    [Fact]
    public async Task A_minion_that_cannot_tell_is_asked_ever_more_seldom()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "interrupted", changed: null);
        var asked = 0;
        for (var hour = 0; hour < 24 * 10; hour += 3)
        {
            await TurnAsync();
            if (Salt.Submissions.Count(sent => sent.Function == "saltern_zypper.changed_since") is var now
                && now > asked)
            {
                asked = now;
                await rig.ReturnAsync(LastSent.Jid, "m1", "\"not known\"", 1, LastSent.Function);
            }

            rig.Clock.Advance(TimeSpan.FromHours(3));
        }

        Assert.InRange(asked, 10, 30);
        Assert.Equal((After, 1), (await ChannelsAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_half_done_run_goes_on_where_the_product_is_that_of_the_target_already()
    {
        await OrderAsync(Real);
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "failed", changed: true);
        await RunEndsAsync(LastSent, "m2", "succeeded", changed: true);
        await TurnAsync();
        // That somebody has looked at it repairs nothing.
        Assert.IsType<ChangeOrderOutcome.Accepted>(await rig.Get<ChangeOrders>().DecideAsync(
            await database.ScalarAsync<long>("select id from channel_change where attention is not null"), keep: true,
            "ann", CancellationToken.None));
        await database.ExecuteAsync("""
            with sp5 as (
                insert into product_set (digest, products)
                select '\x05', replace(products::text, '15.3', '15.5')::json from product_set limit 1 returning id)
            update minion_software set product_set_id = sp5.id from sp5
            """);
        var second = await OrderAsync(Real);
        await database.ExecuteAsync("update action set status = 'Cancelled', cancelled_at = '2026-03-02Z', "
            + "ended_at = '2026-03-02Z' where kind like '%.refresh'");
        await rig.DispatchAsync();

        Assert.Equal(("m1", "PickedUp"), (LastSent.Minions.Single(), (await rig.StatusesAsync(second))["m1"]));
        Assert.Equal(
            After.Split(' ').Order(StringComparer.Ordinal),
            PillarOf(LastSent)["channels"]!.AsArray().Select(one => $"{one!["label"]}").Order(StringComparer.Ordinal));
        Assert.Equal("Skipped", (await rig.StatusesAsync(second))["m2"]);
    }

    [Fact]
    public async Task The_result_of_a_dry_run_that_comes_after_its_channels_were_taken_back_is_reported()
    {
        var action = await OrderAsync("", "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        await PassAsync(TimeSpan.FromHours(2));
        Assert.Equal("Reverted", await StateAsync());
        await RunEndsAsync(run, "m1", "succeeded", changed: false);
        await TurnAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal("Succeeded", await database.ScalarAsync<string>("select outcome from migration_run"));
        Assert.Equal(0, await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_call_that_the_master_refuses_was_never_sent()
    {
        Salt.Answer = _ => new SubmitOutcome.Refused("not allowed");
        await OrderAsync(Real);
        await rig.DispatchAsync();
        await TurnAsync();

        Assert.Equal((Before, "Reverted", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_watched_run_stays_overdue_although_it_is_waited_for_longer()
    {
        await OrderAsync("", "m1");
        await rig.DispatchAsync();
        rig.Clock.Advance(TimeSpan.FromHours(2));
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        await TurnAsync();

        Assert.Equal((Before, "Reverted"), (await ChannelsAsync(), await StateAsync()));
    }

    [Fact]
    public async Task Channels_cannot_be_assigned_to_a_minion_whose_channels_are_being_changed()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var other = new ChannelAssignment(Before.Split(' ')[0], []);
        var refused = await rig.Get<AssignmentOrders>().AssignAsync(
            new MinionKey(1), other, "ann", CancellationToken.None);

        Assert.Contains("its channels are changed by action", Assert.IsType<ChannelOutcome.Refused>(refused).Message);
        Assert.Equal(After, await ChannelsAsync());
        Assert.IsType<ChannelOutcome.Done>(await rig.Get<AssignmentOrders>().AssignAsync(
            new MinionKey(2), other, "ann", CancellationToken.None));
    }

    [Fact]
    public async Task What_a_minion_says_holds_up_nobody_whatever_is_in_it()
    {
        await OrderAsync();
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false, """
            , "reason": "a\u0000b", "problems": [{"problem": "c\u0000d"}], "plan": {"upgrade": [], "upgrade": [
              {"name": "e\u0000f", "old": "1", "new": "2"}], "g\u0000h": []}
            """);
        await RunEndsAsync(LastSent, "m2", "succeeded", changed: false);
        await TurnAsync();

        Assert.Equal(("Reverted", "Reverted", 0), (await StateAsync("m1"), await StateAsync("m2"), await HeldAsync()));
        Assert.Equal(2, await database.ScalarAsync<long>("select count(*) from migration_run"));
    }

    [Fact]
    public async Task One_that_cannot_be_worked_with_is_set_aside_and_the_others_are_decided()
    {
        await OrderAsync();
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false);
        await RunEndsAsync(LastSent, "m2", "succeeded", changed: false);
        await rig.SettleAsync();
        await database.ExecuteAsync("update channel_change set after = '[1]' where minion_key = 1");
        Assert.Equal(1, await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None));

        Assert.StartsWith("Open: what the minion said of its run could not be worked with", await StateAsync("m1"));
        Assert.Equal("Reverted", await StateAsync("m2"));
        Assert.Equal(0, await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_minion_that_never_confirms_is_released_by_a_person()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "failed", changed: false);
        await TurnAsync();
        Assert.Equal(("Reverting", 1), (await StateAsync(), await HeldAsync()));
        var change = await database.ScalarAsync<long>("select max(id) from channel_change");
        Assert.IsType<ChangeOrderOutcome.Accepted>(await rig.Get<ChangeOrders>().DecideAsync(
            change, keep: false, "ann", CancellationToken.None));
        await TurnAsync();

        Assert.StartsWith("Reverted: ann gave up waiting", await StateAsync());
        Assert.Equal((Before, 0), (await ChannelsAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_run_ordered_again_after_it_was_cancelled_between_two_attempts_is_a_run_of_its_own()
    {
        var action = await OrderAsync("", "m1");
        await rig.DispatchAsync();
        var first = $"{PillarOf(LastSent)["run_id"]}";
        await PassAsync(TimeSpan.FromHours(2));
        await rig.ReturnAsync(LastSent.Jid, "m1", "{}", 0, LastSent.Function);
        await PassAsync(TimeSpan.FromMinutes(5));
        await rig.ReturnAsync(LastSent.Jid, "m1", "{}", 0, LastSent.Function);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("saltutil.find_cached_job", LastSent.Function);
        await rig.ReturnAsync(LastSent.Jid, "m1", "\"Local jobs cache directory x not found\"", 0, LastSent.Function);
        await TurnAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        await TurnAsync();
        await AgainAsync(action);

        Assert.Equal("state.apply", LastSent.Function);
        Assert.NotEqual(first, $"{PillarOf(LastSent)["run_id"]}");
    }

    [Fact]
    public async Task Every_step_is_in_the_history_of_the_action()
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "failed", changed: false);
        await TurnAsync();
        await ChannelsAreSetAsync("m1");
        await TurnAsync();

        Assert.Equal("channels taken back, channels of before confirmed", await database.ScalarAsync<string>(
            "select string_agg(verb, ', ' order by id) from order_log where action_id = $1 and actor = 'saltern'",
            action.Value));
    }

    private async Task AgainAsync(ActionId action)
    {
        Assert.Equal(new OrderOutcome.Done(1), await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.All, null, "ann", CancellationToken.None));
        await rig.DispatchAsync();
    }
}
