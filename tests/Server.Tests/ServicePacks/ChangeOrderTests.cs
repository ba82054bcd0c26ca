using Saltern.Rig;
using Saltern.Server.ServicePacks;
using Saltern.Server.Tests.Rig;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>What a person decides about channels where the minion does not.</summary>
public sealed class ChangeOrderTests(PostgresServer server) : MigrationGround(server)
{
    private const string Real = """, "dryRun": false""";
    private const string Garbled = "\"The minion function caused an exception\"";

    [Fact]
    public async Task Kept_they_stay_and_the_minion_is_free_and_gets_them_in_case_the_run_never_came_to_it()
    {
        await UnknownAsync();

        Assert.IsType<ChangeOrderOutcome.Accepted>(await DecideAsync(keep: true));
        await TurnAsync();

        Assert.Equal((After, "Kept", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
        Assert.StartsWith("kept by ann", await ReasonAsync());
        Assert.Equal(1, await database.ScalarAsync<long>(
            "select count(*) from order_log where verb = 'channels kept' and actor = 'ann'"));
        Assert.Equal("m1", await database.ScalarAsync<string>("""
            select string_agg(m.minion_id, ' ')
            from action a join action_target t on t.action_id = a.id join minion m using (minion_key)
            where a.kind = 'channels.apply' and a.description = 'channels of a migration that were kept by a person'
            """));
    }

    [Fact]
    public async Task A_run_that_may_go_on_is_followed_by_no_restart_when_its_channels_are_kept()
    {
        await OrderAsync(Real + """, "rebootAfter": true""", "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        await rig.ReturnAsync(run.Jid, "m1", Garbled, 1, "state.apply");
        await TurnAsync();
        await RecordIsAsync(LastSent, "m1", $"{PillarOf(run)["run_id"]}", "running", changed: null);
        await TurnAsync();
        Assert.StartsWith("Unknown: the run goes on", await StateAsync());

        await DecideAsync(keep: true);
        await TurnAsync();
        await rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);

        Assert.Equal("Kept", await StateAsync());
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from migration_check"));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from action where kind = 'system.reboot'"));
    }

    [Fact]
    public async Task Taken_back_the_minion_gets_those_of_before_and_may_still_prove_that_it_ran()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        rig.Clock.Advance(TimeSpan.FromHours(5));
        await rig.GiveUpAsync();
        await TurnAsync();
        var ask = LastSent;
        Assert.IsType<ChangeOrderOutcome.Accepted>(await DecideAsync(keep: false));
        await TurnAsync();
        Assert.Equal((Before, "Reverting", 1), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
        Assert.StartsWith("taken back by ann", await ReasonAsync());
        await rig.ReturnAsync(ask.Jid, "m1", Garbled, 1, ask.Function);
        await TurnAsync();
        await ChannelsAreSetAsync("m1");
        await TurnAsync();
        Assert.Equal((Before, "Reverted", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));

        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await RunEndsAsync(run, "m1", "succeeded", changed: true);
        await TurnAsync();
        Assert.StartsWith("Kept: the minion said after the channels had been taken back", await StateAsync());
    }

    [Fact]
    public async Task What_the_minion_proves_comes_first()
    {
        var run = await UnknownAsync();
        await DecideAsync(keep: false);
        await RecordIsAsync(LastSent, "m1", $"{PillarOf(run)["run_id"]}", "succeeded", changed: true);
        await TurnAsync();

        Assert.Equal((After, "Kept", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task What_is_under_way_or_decided_is_no_persons_to_decide_but_attention_ends()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        Assert.Contains("still under way", Assert.IsType<ChangeOrderOutcome.Refused>(await DecideAsync(true)).Why);
        await RunEndsAsync(LastSent, "m1", "failed", changed: true);
        await TurnAsync();
        Assert.StartsWith("Kept: the run failed half-way", await StateAsync());

        Assert.Contains(
            "roll the system back", Assert.IsType<ChangeOrderOutcome.Refused>(await DecideAsync(false)).Why);
        Assert.IsType<ChangeOrderOutcome.Accepted>(await DecideAsync(keep: true));
        Assert.Equal("Kept", await StateAsync());
        Assert.StartsWith("looked at by ann: the run failed half-way", await ReasonAsync());
        Assert.IsType<ChangeOrderOutcome.Refused>(await DecideAsync(keep: true));
        Assert.IsType<ChangeOrderOutcome.NotFound>(await DecideAsync(keep: true, 4711));
    }

    private async Task<ScriptedSalt.Sent> UnknownAsync()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        await rig.ReturnAsync(run.Jid, "m1", Garbled, 1, "state.apply");
        await TurnAsync();
        Assert.StartsWith("Unknown", await StateAsync());
        return run;
    }

    private async Task<ChangeOrderOutcome> DecideAsync(bool keep, long? change = null) =>
        await rig.Get<ChangeOrders>().DecideAsync(
            change ?? await database.ScalarAsync<long>("select max(id) from channel_change"), keep, "ann",
            CancellationToken.None);

    private Task<string?> ReasonAsync() =>
        database.ScalarAsync<string>("select reason from channel_change order by id desc limit 1");
}
