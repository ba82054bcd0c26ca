using Saltern.Rig;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Results of runs that are larger than any should be.</summary>
public sealed class LargeResultTests(PostgresServer server) : MigrationGround(server, 3)
{
    private const string Real = """, "dryRun": false""";

    [Fact]
    public async Task Of_a_result_that_is_too_large_to_be_read_a_person_is_told_and_the_minion_is_asked()
    {
        await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        var run = $"{PillarOf(LastSent)["run_id"]}";
        await RunEndsAsync(LastSent, "m1", "failed", changed: false, Padding(ChangeReading.LargestBody));
        await TurnAsync();

        var state = await StateAsync();
        Assert.StartsWith("Unknown: the run failed, and whether packages changed is not known", state);
        Assert.Contains("and no more than 16777216 are read", state, StringComparison.Ordinal);
        Assert.Equal((After, 1), (await ChannelsAsync(), await HeldAsync()));

        await RecordIsAsync(LastSent, "m1", run, "failed", changed: false);
        await TurnAsync();
        Assert.Equal("Reverting", await StateAsync());
    }

    [Fact]
    public async Task Large_results_are_read_a_few_at_a_time()
    {
        await OrderAsync(Real);
        await rig.DispatchAsync();
        var sent = LastSent;
        foreach (var minion in sent.Minions)
        {
            await RunEndsAsync(sent, minion, "succeeded", changed: true, Padding(ChangeReading.LargestBody - 10_000));
        }

        await rig.SettleAsync();
        var decided = new List<int>();
        for (var pass = 0; pass < 3; pass++)
        {
            decided.Add(await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None));
        }

        Assert.Equal([2, 1, 0], decided);
        Assert.Equal("Kept", await StateAsync("m3"));
    }

    [Fact]
    public async Task What_follows_runs_waits_until_all_of_them_are_read_and_is_one_order_for_all()
    {
        await OrderAsync(Real + """, "rebootAfter": true""");
        await rig.DispatchAsync();
        var sent = LastSent;
        foreach (var minion in sent.Minions)
        {
            await RunEndsAsync(sent, minion, "succeeded", changed: true, Padding(ChangeReading.LargestBody - 10_000));
        }

        await rig.SettleAsync();
        await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None);
        await rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);
        Assert.Equal(0, await RestartsAsync());

        await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None);
        await rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);
        Assert.Equal(1, await RestartsAsync());

        Task<long> RestartsAsync() =>
            database.ScalarAsync<long>("select count(*) from action where kind = 'system.reboot'");
    }

    private static string Padding(int bytes) => $$""", "log_tail": "{{new string('x', bytes)}}" """;
}
