using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Fleet;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>What is said of a run late, or meanwhile, against what else goes on at its minion.</summary>
public sealed class LateWordsOfRunsTests(PostgresServer server) : MigrationGround(server)
{
    private const string Real = """, "dryRun": false""";
    private const string Garbled = "\"The minion function caused an exception\"";

    /// <summary>The late proof comes as the return itself, or as the minion's answer about its record.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_late_proof_is_the_way_back_of_another_migration_and_leaves_it_its_hold(bool returns)
    {
        var (run, first) = await TakenBackAsync();
        await OrderAsync("", "m1");
        await rig.DispatchAsync();
        var second = LastSent;
        Assert.Equal((After, "Open", 1), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        if (returns)
        {
            await RunEndsAsync(run, "m1", "succeeded", changed: true);
        }
        else
        {
            await database.ExecuteAsync("""
                update salt.salt_returns set return = replace(return::text, 'not_begun', 'succeeded')::json
                where fun = 'saltern_zypper.run_result'
                """);
            await database.ExecuteAsync("update channel_change set due_at = '2026-01-01Z' where id = $1", first);
        }

        await TurnAsync();

        Assert.Equal(("Open", 1), (await StateAsync(), await HeldAsync()));
        Assert.Equal("Kept|t", await database.ScalarAsync<string>(
            "select state || '|' || (attention is not null)::text::char from channel_change where id = $1", first));
        await RunEndsAsync(second, "m1", "succeeded", changed: false);
        await TurnAsync();
        Assert.Equal((After, "Reverted", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_late_proof_takes_nothing_from_what_the_minion_was_given_since()
    {
        var (run, first) = await TakenBackAsync();
        var other = new ChannelAssignment(Before.Split(' ')[0], []);
        Assert.IsType<ChannelOutcome.Done>(await rig.Get<AssignmentOrders>().AssignAsync(
            new MinionKey(1), other, "ann", CancellationToken.None));
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await RunEndsAsync(run, "m1", "succeeded", changed: true);
        await TurnAsync();

        Assert.Equal(other.BaseLabel, (await ChannelsAsync())!.Trim());
        Assert.EndsWith("it has been given others since, and they stay", await database.ScalarAsync<string>(
            "select attention from channel_change where id = $1 and state = 'Kept'", first));
    }

    [Fact]
    public async Task A_held_minion_is_asked_nothing_for_others_but_all_about_its_run()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        await rig.ReturnAsync(run.Jid, "m1", Garbled, 1, "state.apply");
        await TurnAsync();
        Assert.Equal("saltern_zypper.run_result", LastSent.Function);
        await database.ExecuteAsync("update minion_contact set last_contact_at = '2026-01-01Z'");
        var sent = Salt.Submissions.Count;
        await rig.ScheduleAsync("system.reboot", target: new() { Minions = ["m1"] });
        await rig.ScheduleAsync("script.run", """{"script": "true"}""", new() { Minions = ["m1"] });
        await rig.DispatchAsync();
        Assert.Equal(sent, Salt.Submissions.Count);

        await RecordIsAsync(LastSent, "m1", $"{PillarOf(run)["run_id"]}", "succeeded", changed: true);
        await rig.Settler.DrainAsync(CancellationToken.None);
        await rig.Get<Server.ServicePacks.ChangeDeciding>().RunOnceAsync(CancellationToken.None);
        Assert.Equal(0, await HeldAsync());
        await rig.DispatchAsync();
        Assert.Equal(
            ["file.read", "test.ping"],
            Salt.Submissions.Skip(sent).Select(one => one.Function).Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// That the run goes on, or that there is no trace of it yet, decides nothing while another attempt is to come.
    /// </summary>
    [Theory]
    [InlineData("running")]
    [InlineData("not_begun")]
    public async Task A_run_that_was_asked_about_while_picked_up_is_decided_by_the_retry(string meanwhile)
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        var runId = $"{PillarOf(run)["run_id"]}";
        await PassAsync(TimeSpan.FromHours(4.1));
        await RecordIsAsync(Sent("saltern_zypper.run_result"), "m1", runId, meanwhile, null);
        await AnswerAsync("saltutil.find_job", "{}");
        await PassAsync(TimeSpan.FromMinutes(5));
        await AnswerAsync("saltutil.find_job", "{}");
        await PassAsync(TimeSpan.FromSeconds(1));
        await AnswerAsync("saltutil.find_cached_job", "\"Local jobs cache directory x not found\"");
        await TurnAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal((After, 1), (await ChannelsAsync(), await HeldAsync()));
        Assert.StartsWith("Unknown", await StateAsync());

        await PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(("Open", After), (await StateAsync(), await ChannelsAsync()));
        var retry = Sent("state.apply");
        Assert.Equal((runId, true), ($"{PillarOf(retry)["run_id"]}", retry.Jid != run.Jid));
        await RunEndsAsync(retry, "m1", "succeeded", changed: true);
        await TurnAsync();
        Assert.Equal((After, "Kept", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    /// <summary>
    /// The job was still on its way when the minion had no trace of the run: that proves nothing, the next answer does.
    /// </summary>
    [Theory]
    [InlineData("not_begun", null, "Reverting", Before)]
    [InlineData("succeeded", true, "Kept", After)]
    [InlineData("interrupted", true, "Kept: the run failed half-way", After)]
    public async Task No_trace_of_a_run_that_was_looked_for_before_its_job_was_given_up_is_looked_for_once_more(
        string outcome, bool? changed, string state, string channels)
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var runId = $"{PillarOf(LastSent)["run_id"]}";
        await PassAsync(TimeSpan.FromHours(4.1));
        var early = Sent("saltern_zypper.run_result");
        await rig.GiveUpAsync();
        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        await RecordIsAsync(early, "m1", runId, "not_begun", null);
        await TurnAsync();

        Assert.StartsWith("Unknown: the minion had no trace of the run before it counted as lost", await StateAsync());
        Assert.Equal((After, 1), (await ChannelsAsync(), await HeldAsync()));
        var late = Sent("saltern_zypper.run_result");
        Assert.NotEqual(early.Jid, late.Jid);
        await RecordIsAsync(late, "m1", runId, outcome, changed);
        await TurnAsync();
        Assert.StartsWith(state, await StateAsync());
        Assert.Equal(channels, await ChannelsAsync());
        Assert.Equal(2, Salt.Submissions.Count(sent => sent.Function == "saltern_zypper.run_result"));
    }

    private ScriptedSalt.Sent Sent(string function) => Salt.Submissions.Last(sent => sent.Function == function);

    private async Task AnswerAsync(string function, string answer)
    {
        await rig.ReturnAsync(Sent(function).Jid, "m1", answer, 0, function);
        await rig.SettleAsync();
    }
}
