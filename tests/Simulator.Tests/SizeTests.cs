using System.Text.Json.Nodes;
using Saltern.Simulator.Ledger;
using Xunit;

namespace Saltern.Simulator.Tests;

public sealed class SizeTests(PrivatePostgres postgres)
{
    [Fact]
    public async Task A_hundred_thousand_minions_that_have_run_something_take_less_than_a_gigabyte()
    {
        const int Minions = 100_000;
        await using Scene scene = await Scene.OpenAsync(
            postgres, Scene.Lab with { Minions = Minions, Fast = true, NamePattern = "minion{0:D6}.example.org" });

        foreach (string[] names in scene.Master.Minions.Chunk(2000))
        {
            await scene.Api.PublishAsync(names, "state.apply", "20260101000000000001_s1", "ok");
        }

        await Scene.UntilAsync(() => Task.FromResult(scene.Master.Counts.ReturnsStored >= Minions), seconds: 120);
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        long process = Environment.WorkingSet;

        Assert.Equal(Minions, scene.Master.Ledger.Count);
        LedgerEntry last = scene.Master.Ledger.Page(Minions - 1, 1).Single();
        Assert.Equal((1, 1, 1), (last.TimesRun, last.ReturnsSent, last.ReturnsStored));
        Assert.True(heap < 400L << 20, $"heap {heap >> 20} MB");
        Assert.True(process < 1L << 30, $"process {process >> 20} MB");
        TestContext.Current.TestOutputHelper?.WriteLine($"heap {heap >> 20} MB, process {process >> 20} MB");
    }
}
