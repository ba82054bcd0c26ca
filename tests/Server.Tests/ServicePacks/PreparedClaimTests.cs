using System.Text.Json.Nodes;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Dispatch;
using Saltern.Server.Salt;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>
/// What a claim prepares for minions that differ: as few readings and calls as are needed, and always the same for a
/// run that is given out again.
/// </summary>
public sealed class PreparedClaimTests(PostgresServer server)
    : MigrationGround(server, 6, ("Dispatch:MostCallsInClaim", "2"))
{
    private const string Real = """, "dryRun": false""";

    [Fact]
    public async Task A_claim_makes_a_bounded_number_of_calls_and_the_rest_goes_in_the_next_ones()
    {
        // Four assignments: of m1 to m3, and of m4, m5 and m6 each.
        await AssignOwnAsync("m4", "m5", "m6");
        var action = await rig.ScheduleAsync("channels.apply");

        var calls = new List<int>();
        for (var claim = 0; claim < 4; claim++)
        {
            var before = Salt.Submissions.Count;
            await rig.DispatchAsync();
            calls.Add(Salt.Submissions.Count - before);
        }

        Assert.Equal([2, 2, 0, 0], calls);
        // Two go at a time, so that either may be the first.
        Assert.Contains(
            Salt.Submissions.Where(sent => sent.Function == "state.apply").Take(2),
            sent => sent.Minions.Order().SequenceEqual(["m1", "m2", "m3"]));
        Assert.All((await rig.StatusesAsync(action)).Values, status => Assert.Equal("PickedUp", status));
    }

    [Fact]
    public async Task Actions_whose_minions_need_the_same_go_beside_it()
    {
        await AssignOwnAsync("m2", "m3", "m4", "m5", "m6");
        await rig.ScheduleAsync("channels.apply");
        await rig.ScheduleAsync("ping");
        var before = Salt.Submissions.Count;

        await rig.DispatchAsync();

        Assert.Equal(3, Salt.Submissions.Count - before);
        Assert.Contains(Salt.Submissions.Skip(before), sent => sent.Function == "test.ping");
    }

    [Fact]
    public async Task A_channels_keys_are_in_the_pillar()
    {
        await database.ExecuteAsync(
            """update software_channel set gpg_keys = '["https://keys.example.com/a.key"]' where label = $1""",
            Before.Split(' ')[0]);
        await rig.ScheduleAsync("channels.apply");
        await rig.DispatchAsync();

        var channels = PillarOf(LastSent)["channels"]!;
        Assert.Equal("""["https://keys.example.com/a.key"]""", channels[0]!["gpgkey"]!.ToJsonString());
        Assert.Null(channels[1]!["gpgkey"]);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(Real, false)]
    [InlineData(Real, true)]
    public async Task A_run_whose_call_never_left_is_given_out_again_with_the_same_channels(string dryRun, bool died)
    {
        await CloneModulesAsync();
        await OrderAsync(dryRun, "m1");
        if (died)
        {
            // Between the record of channels and the call; the next node finds the master away.
            await rig.Get<Claiming>().ClaimAsync(await MasterAsync(), new() { Name = "master1" }, default);
            await database.ExecuteAsync("update submission set lease_until = now() where outcome is null");
            await database.ExecuteAsync("update master set paused_at = now()");
            await rig.DispatchAsync();
            await database.ExecuteAsync("update master set paused_at = null");
        }
        else
        {
            Salt.Answer = _ => new SubmitOutcome.NotSent("connection refused", NotSentCause.Unreachable);
            await rig.DispatchAsync();
            Salt.Answer = _ => new SubmitOutcome.Accepted([]);
        }

        var first = JsonNode.Parse((await database.ScalarAsync<string>(
            "select arguments::text from submission where arguments is not null order by id desc limit 1"))!)!;
        Assert.Equal("Queued", await database.ScalarAsync<string>(
            "select status from action_target where action_id = (select max(id) from action)"));
        rig.Clock.Advance(TimeSpan.FromMinutes(2));
        await rig.DispatchAsync();

        Assert.Equal(
            ["sle-product-sles15-sp5-pool-x86_64", "prod-basesystem", "sle-product-sles15-sp5-updates-x86_64"],
            PillarOf(LastSent)["channels"]!.AsArray().Select(channel => $"{channel!["label"]}"));
        Assert.Equal(first["pillar"]!["saltern"]!.ToJsonString(), PillarOf(LastSent).ToJsonString());
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from channel_change"));
    }

    [Fact]
    public async Task A_user_who_orders_a_run_again_of_which_nobody_knows_gets_the_same_channels()
    {
        await CloneModulesAsync();
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var first = PillarOf(LastSent)["channels"]!.ToJsonString();
        await rig.ReturnAsync(LastSent.Jid, "m1", "\"garbage\"", 1, "state.apply");
        await TurnAsync();
        Assert.StartsWith("Unknown", await StateAsync(), StringComparison.Ordinal);
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();

        var again = Salt.Submissions.Last(sent => sent.Function == "state.apply");
        Assert.Equal(2, Salt.Submissions.Count(sent => sent.Function == "state.apply"));
        Assert.Equal(first, PillarOf(again)["channels"]!.ToJsonString());
    }

    /// <summary>The module's channels are clones, and those of the base product are not.</summary>
    private async Task CloneModulesAsync()
    {
        foreach (var (label, original) in new[]
        {
            ("prod-old-basesystem", "basesystem15-sp3-pool-x86_64"),
            ("prod-basesystem", "basesystem15-sp5-pool-x86_64"),
        })
        {
            Assert.IsType<ChannelOutcome.Done>(await rig.Get<ChannelOrders>().CreateCloneAsync(
                new(label, original, "prod", $"https://clones.example.com/{label}/"), "tester",
                CancellationToken.None));
        }

        await database.ExecuteAsync("update minion_channel set child_labels = array['prod-old-basesystem']");
    }

    private async Task AssignOwnAsync(params string[] minions)
    {
        foreach (var minion in minions)
        {
            await rig.Get<ChannelOrders>().CreateCloneAsync(
                new($"own-{minion}", Before.Split(' ')[0], minion, $"https://clones.example.com/{minion}/"), "tester",
                CancellationToken.None);
            await database.ExecuteAsync(
                """
                update minion_channel set base_label = 'own-' || $1
                where minion_key = (select minion_key from minion where minion_id = $1)
                """,
                minion);
        }
    }

    private async Task<MasterState> MasterAsync() => new(
        await database.ScalarAsync<int>("select id from master"), "master1", false, true, null, false,
        TimeSpan.FromSeconds(15));
}
