using Saltern.Rig;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>
/// A minion that goes to another master while a run of it is under way: Salt's job returns to the master that handed it
/// out, or, while that is away, to nobody.
/// </summary>
public sealed class MovedMinionTests(PostgresServer server) : MigrationGround(server)
{
    private protected override int Masters => 2;

    private ScriptedSalt Other => rig.Salt[1];

    private IEnumerable<ScriptedSalt.Sent> Asks =>
        Other.Submissions.Where(sent => sent.Function == "saltern_zypper.run_result");

    [Theory]
    [InlineData("running")]
    [InlineData("not_begun")]
    public async Task Its_record_is_asked_for_again_though_its_job_is_there(string atFirst)
    {
        var action = await OrderAsync(""", "dryRun": false""", "m1");
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await rig.DispatchAsync();
        var runId = $"{PillarOf(LastSent)["run_id"]}";
        rig.Clock.Advance(TimeSpan.FromMinutes(10));
        await StartsAsync("m1", "master2");
        await TurnAsync();
        await RecordIsAsync(Assert.Single(Asks), "m1", runId, atFirst, null);
        await TurnAsync();
        var search = Other.Submissions.Last();
        Assert.Equal("saltutil.find_job", search.Function);
        await rig.ReturnAsync(search.Jid, "m1", """{"jid": "1", "pid": 4711}""", 0, search.Function);
        await PassAsync(TimeSpan.FromMinutes(5));
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal((2, "Open"), (Asks.Count(), await StateAsync()));
        await RecordIsAsync(Asks.Last(), "m1", runId, "succeeded", changed: true);
        await TurnAsync();
        await TurnAsync();
        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal((After, "Kept", 0), (await ChannelsAsync(), await StateAsync(), await HeldAsync()));
    }
}
