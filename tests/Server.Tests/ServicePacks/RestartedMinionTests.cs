using Saltern.Rig;
using Saltern.Server.Actions;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Minions that connect anew while a run of theirs is under way: the job may have died with them.</summary>
public sealed class RestartedMinionTests(PostgresServer server) : MigrationGround(server)
{
    private const string Real = """, "dryRun": false""";

    private string RunId => $"{PillarOf(run)["run_id"]}";

    private int Asks => Salt.Submissions.Count(sent => sent.Function == "saltern_zypper.run_result");

    private ScriptedSalt.Sent LastAsk =>
        Salt.Submissions.Last(sent => sent.Function == "saltern_zypper.run_result");

    private ScriptedSalt.Sent run = null!;

    [Theory]
    [InlineData("succeeded", true, "Completed", "Kept", After)]
    [InlineData("interrupted", true, "Failed", "Kept: the run failed half-way", After)]
    [InlineData("interrupted", false, "Failed", "Reverting", Before)]
    public async Task It_is_asked_at_once_and_what_is_on_its_record_ends_the_run(
        string outcome, bool changed, string status, string state, string channels)
    {
        var action = await UnderWayAsync(Real);
        await StartsAsync("m1");
        await TurnAsync();
        Assert.Equal(("saltern_zypper.run_result", RunId), (LastSent.Function, $"{LastSent.Call.Kwargs["run_id"]}"));
        Assert.Equal(("Open", "PickedUp"), (await StateAsync(), (await rig.StatusesAsync(action))["m1"]));
        await RecordIsAsync(LastSent, "m1", RunId, outcome, changed);
        await TurnAsync();
        await TurnAsync();

        Assert.Equal(status, (await rig.StatusesAsync(action))["m1"]);
        Assert.StartsWith(state, await StateAsync());
        Assert.Equal(channels, await ChannelsAsync());
        await RunEndsAsync(run, "m1", outcome, changed);
        await TurnAsync();
        Assert.Equal((status, 1L), ((await rig.StatusesAsync(action))["m1"], await database.ScalarAsync<long>(
            "select repeats::bigint from action_target where action_id = $1", action.Value)));
    }

    [Fact]
    public async Task A_dry_run_ends_by_it_too_and_the_channels_go_back()
    {
        var action = await UnderWayAsync("");
        await StartsAsync("m1");
        await TurnAsync();
        await RecordIsAsync(LastSent, "m1", RunId, "succeeded", changed: false);
        await TurnAsync();
        await TurnAsync();

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal((Before, "Reverted", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Fact]
    public async Task A_run_that_goes_on_is_asked_about_again_after_growing_pauses_and_at_once_when_it_connects_again()
    {
        await UnderWayAsync(Real);
        await StartsAsync("m1");
        await TurnAsync();
        await RecordIsAsync(LastAsk, "m1", RunId, "running", null);
        await TurnAsync();
        Assert.Equal("saltutil.find_job", LastSent.Function);
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, Asks);
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(2, Asks);
        await RecordIsAsync(LastAsk, "m1", RunId, "running", null);
        await PassAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(2, Asks);

        await StartsAsync("m1");
        await TurnAsync();
        Assert.Equal((3, "Open"), (Asks, await StateAsync()));
    }

    [Fact]
    public async Task One_that_connects_anew_all_the_time_is_asked_once_a_minute()
    {
        await UnderWayAsync(Real);
        await StartsAsync("m1");
        await TurnAsync();
        for (var minute = 1; minute <= 3; minute++)
        {
            await RecordIsAsync(LastAsk, "m1", RunId, "running", null);
            await PassAsync(TimeSpan.FromSeconds(30));
            await StartsAsync("m1");
            await TurnAsync();
            Assert.Equal(minute, Asks);
            await PassAsync(TimeSpan.FromSeconds(29));
            Assert.Equal(minute, Asks);
            await PassAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(minute + 1, Asks);
        }
    }

    [Fact]
    public async Task One_that_never_began_is_looked_for_and_begun_again_once_its_job_is_proven_lost()
    {
        var action = await UnderWayAsync(Real);
        await StartsAsync("m1");
        await TurnAsync();
        await RecordIsAsync(LastSent, "m1", RunId, "not_begun", null);
        await TurnAsync();
        Assert.Equal("saltutil.find_job", LastSent.Function);
        await AnswerAsync("{}");
        await PassAsync(TimeSpan.FromMinutes(5));
        await AnswerAsync("{}");
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("saltutil.find_cached_job", LastSent.Function);
        await AnswerAsync("\"Local jobs cache directory x not found\"");
        await rig.SettleAsync();
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        await PassAsync(TimeSpan.FromHours(1));

        Assert.Equal(("state.apply", RunId), (LastSent.Function, $"{PillarOf(LastSent)["run_id"]}"));
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: true);
        await TurnAsync();
        Assert.Equal((After, "Kept", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }

    [Theory]
    [InlineData("not_begun")]
    [InlineData("running")]
    public async Task One_whose_job_is_still_there_is_let_alone(string outcome)
    {
        var action = await UnderWayAsync(Real);
        await StartsAsync("m1");
        await TurnAsync();
        await RecordIsAsync(LastSent, "m1", RunId, outcome, null);
        await TurnAsync();
        Assert.Equal("saltutil.find_job", LastSent.Function);
        await AnswerAsync("""{"jid": "1", "pid": 4711}""");
        var asked = Salt.Submissions.Count;
        for (var hour = 0; hour < 3; hour++)
        {
            await PassAsync(TimeSpan.FromHours(1));
        }

        Assert.Equal((asked, "PickedUp"), (Salt.Submissions.Count, (await rig.StatusesAsync(action))["m1"]));
        Assert.Null(await database.ScalarAsync<string>(
            "select reason from action_target where action_id = $1", action.Value));
        Assert.Equal("Open", await StateAsync());
    }

    [Fact]
    public async Task Who_has_not_connected_anew_is_not_asked()
    {
        await StartsAsync("m1");
        await UnderWayAsync(Real);
        await StartsAsync("m2");
        var sent = Salt.Submissions.Count;
        await PassAsync(TimeSpan.FromHours(3));
        Assert.Equal(sent, Salt.Submissions.Count);
    }

    private async Task<ActionId> UnderWayAsync(string more)
    {
        var action = await OrderAsync(more, "m1");
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await rig.DispatchAsync();
        run = LastSent;
        rig.Clock.Advance(TimeSpan.FromMinutes(10));
        return action;
    }

    private async Task AnswerAsync(string answer)
    {
        await rig.ReturnAsync(LastSent.Jid, "m1", answer, 0, LastSent.Function);
        await rig.SettleAsync();
    }
}
