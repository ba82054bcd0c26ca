namespace Saltern.Simulator.Tests;

/// <summary>
/// The real clock, run faster and set forward: what takes a minute on a minion takes a test a second or two. A timer
/// whose time has come by a skip fires at once.
/// </summary>
internal sealed class HastyClock(double speed) : TimeProvider
{
    private readonly DateTimeOffset origin = System.GetUtcNow();
    private readonly Lock gate = new();
    private readonly List<HastyTimer> timers = [];
    private long skipped;

    public void Skip(TimeSpan time)
    {
        Interlocked.Add(ref skipped, time.Ticks);
        HastyTimer[] all;
        lock (gate)
        {
            all = [.. timers];
        }

        foreach (HastyTimer timer in all)
        {
            timer.CatchUp();
        }
    }

    public override DateTimeOffset GetUtcNow() =>
        origin + ((System.GetUtcNow() - origin) * speed) + TimeSpan.FromTicks(Interlocked.Read(ref skipped));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        HastyTimer timer = new(
            System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), this);
        lock (gate)
        {
            timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    private TimeSpan Scale(TimeSpan time) => time <= TimeSpan.Zero ? time : time / speed;

    private void Forget(HastyTimer timer)
    {
        lock (gate)
        {
            timers.Remove(timer);
        }
    }

    private sealed class HastyTimer(ITimer inner, HastyClock clock) : ITimer
    {
        private readonly Lock gate = new();
        private DateTimeOffset? due;
        private TimeSpan every;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (gate)
            {
                due = dueTime < TimeSpan.Zero ? null : clock.GetUtcNow() + dueTime;
                every = period;
                return inner.Change(clock.Scale(dueTime), clock.Scale(period));
            }
        }

        public void CatchUp()
        {
            lock (gate)
            {
                if (due is not { } time)
                {
                    return;
                }

                // One that has fired already may fire once more; whoever is woken looks for what is due.
                TimeSpan left = time - clock.GetUtcNow();
                inner.Change(left > TimeSpan.Zero ? clock.Scale(left) : TimeSpan.Zero, clock.Scale(every));
            }
        }

        public void Dispose()
        {
            clock.Forget(this);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            clock.Forget(this);
            return inner.DisposeAsync();
        }
    }
}
