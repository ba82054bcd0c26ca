using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>How long the loop that decides rests between its turns.</summary>
public sealed class ChangePaceTests(PostgresServer server) : MigrationGround(server, minions: 3)
{
    [Fact]
    public async Task It_goes_on_while_there_is_more_than_a_turn_reads_and_then_rests_by_how_long_that_took()
    {
        await OrderAsync(""", "dryRun": false""");
        await rig.DispatchAsync();
        // Two of these are as much as a turn reads.
        var log = $$""", "log_tail": "{{new string('x', ChangeReading.LargestBody - 10_000)}}" """;
        var sent = LastSent;
        foreach (var minion in sent.Minions)
        {
            await RunEndsAsync(sent, minion, "succeeded", changed: true, log);
        }

        await rig.SettleAsync();
        var clock = new PacedClock(rig.Clock) { Turn = TimeSpan.FromSeconds(1) };
        var deciding = new ChangeDeciding(
            database.DataSource, rig.Get<OwnOrders>(), rig.Get<Bells>(), rig.Get<IOptions<ServicePacksOptions>>(),
            clock, rig.Get<Outage>(), NullLogger<ChangeDeciding>.Instance);
        await deciding.StartAsync(CancellationToken.None);

        var rest = await clock.NextAsync();
        Assert.Equal(TimeSpan.FromSeconds(9), rest.Length);
        Assert.Equal("3 Kept", await database.ScalarAsync<string>(
            "select string_agg(c.n || ' ' || c.state, ', ') "
            + "from (select state, count(*) as n from channel_change group by 1) c"));

        // The bell has rung for what this loop itself decided: it looks once more, and that takes long.
        clock.Turn = TimeSpan.FromMinutes(1);
        rest.End();
        Assert.Equal(rig.Get<IOptions<ServicePacksOptions>>().Value.Sweep, (await clock.NextAsync()).Length);
        await deciding.StopAsync(CancellationToken.None);
    }

    /// <summary>Each turn takes as long as the test says, and a rest ends when it says so.</summary>
    private sealed class PacedClock(TimeProvider wall) : TimeProvider
    {
        private readonly Channel<Rest> rests = Channel.CreateUnbounded<Rest>();
        private long elapsed;

        public TimeSpan Turn { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => wall.GetUtcNow();

        public override long GetTimestamp() => Interlocked.Add(ref elapsed, Turn.Ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var rest = new Rest(dueTime, () => callback(state));
            rests.Writer.TryWrite(rest);
            return rest;
        }

        public async Task<Rest> NextAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
            return await rests.Reader.ReadAsync(limit.Token);
        }
    }

    private sealed record Rest(TimeSpan Length, Action End) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
