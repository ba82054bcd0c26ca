using System.Diagnostics.Metrics;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Metrics;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>Whole servers on machines whose clocks are wrong: PostgreSQL's clock is the one they go by.</summary>
public sealed class WrongClockTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Minions = 10;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private ServerRig rig = null!;

    public async ValueTask InitializeAsync() => rig = await ServerRig.StartAsync(postgres, Minions);

    public async ValueTask DisposeAsync() => await rig.DisposeAsync();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(-1, -1)]
    [InlineData(1, -1)]
    public async Task Nodes_whose_clocks_are_hours_apart_run_nothing_early_nothing_late_and_nothing_twice(
        int hoursOfOne, int hoursOfOther)
    {
        await rig.Server.StopAsync(CancellationToken.None);
        await using var one = await rig.StartNodeAsync(new SharedClock(new WrongClock(hoursOfOne * Hour)));
        await using var other = await rig.StartNodeAsync(new SharedClock(new WrongClock(hoursOfOther * Hour)));
        var earliest = await rig.Database.ScalarAsync<DateTime>("select clock_timestamp() + interval '3 s'");

        var action = await rig.ScheduleAsync(
            "state.apply", """{"states":["ok"]}""", change: order => order with { EarliestAt = earliest });

        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
        var runs = rig.Master.Ledger.Page(0, int.MaxValue).Where(run => run.Function == "state.apply").ToList();
        Assert.Equal(Minions, runs.Count);
        Assert.All(runs, run => Assert.True(run.StartedAt >= earliest, $"{run.MinionId} ran at {run.StartedAt:O}"));
        await one.StopAsync(CancellationToken.None);
        await other.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_clock_that_is_set_while_the_server_runs_is_noticed_and_moves_nothing()
    {
        var ahead = 0.0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, heard) =>
        {
            if (instrument.Meter == SalternMeter.Meter && instrument.Name == "saltern_clock_ahead_seconds")
            {
                heard.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) =>
            Volatile.Write(ref ahead, Math.Abs(seconds) > 3000 ? seconds : Volatile.Read(ref ahead)));
        listener.Start();
        await rig.Server.StopAsync(CancellationToken.None);
        var own = new WrongClock(TimeSpan.Zero);
        var clock = new SharedClock(own);
        await using var node = await rig.StartNodeAsync(clock);
        var action = await rig.ScheduleAsync(
            "ping", change: order => order with { EarliestAt = clock.GetUtcNow() + Hour });

        own.Set(2 * Hour);

        await ServerRig.UntilAsync(
            () => Task.FromResult(Volatile.Read(ref ahead)), seen => seen > 7000, "the jump is measured");
        var truth = await rig.Database.ScalarAsync<DateTime>("select clock_timestamp()");
        Assert.InRange((clock.GetUtcNow() - truth).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Assert.Equal("Scheduled", await rig.Database.ScalarAsync<string>(
            "select status from action where id = $1", action.Value));
        await node.StopAsync(CancellationToken.None);
    }
}
