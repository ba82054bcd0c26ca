using Saltern.Rig;

namespace Saltern.Server.Tests.Rig;

public sealed class TestClockTests
{
    private readonly TestClock clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_delay_ends_when_the_clock_passes_it_and_not_before()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(5), clock);

        clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromTicks(1));
        await delay;
    }

    [Fact]
    public void Timers_fire_in_order_of_their_due_time_and_see_it()
    {
        var seen = new List<DateTimeOffset>();
        var start = clock.GetUtcNow();
        using var late = clock.CreateTimer(Record, null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        using var early = clock.CreateTimer(Record, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([1, 2, 3, 5], seen.Select(at => (int)(at - start).TotalSeconds));

        void Record(object? state) => seen.Add(clock.GetUtcNow());
    }

    [Fact]
    public void A_disposed_timer_does_not_fire()
    {
        var fired = false;
        var timer = clock.CreateTimer(_ => fired = true, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(fired);
        Assert.Equal(0, clock.WaitingTimers);
    }

    [Fact]
    public void A_wall_clock_set_back_moves_no_timestamp()
    {
        var before = clock.GetTimestamp();
        clock.Set(clock.GetUtcNow() - TimeSpan.FromHours(1));
        Assert.Equal(before, clock.GetTimestamp());
        Assert.Equal(23, clock.GetUtcNow().Hour);
    }

    [Fact]
    public void A_time_out_by_this_clock_cancels()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(30), clock);
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True(source.IsCancellationRequested);
    }
}
