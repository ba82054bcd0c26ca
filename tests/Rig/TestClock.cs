namespace Saltern.Rig;

/// <summary>
/// A clock that moves only when the test says so. Timers, and with them <c>Task.Delay(…, clock)</c>, fire in order of
/// their due time while the clock is advanced past them, each seeing the time at which it was due.
/// </summary>
public sealed class TestClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<TestTimer> timers = [];
    private DateTimeOffset wall = start.ToUniversalTime();
    private long elapsed;

    public TestClock()
        : this(new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero))
    {
    }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers wait to fire: zero means that nothing sleeps on this clock.</summary>
    public int WaitingTimers
    {
        get
        {
            lock (gate)
            {
                return timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return wall;
        }
    }

    public override long GetTimestamp()
    {
        lock (gate)
        {
            return elapsed;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TestTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves on, firing what becomes due on the way.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long end;
        lock (gate)
        {
            end = elapsed + by.Ticks;
        }

        while (TakeNextDue(end) is { } timer)
        {
            timer.Fire();
        }

        lock (gate)
        {
            MoveTo(end);
        }
    }

    /// <summary>
    /// Sets the wall clock: forward advances; back is a corrected clock, timers and timestamps unmoved.
    /// </summary>
    public void Set(DateTimeOffset now)
    {
        var by = now - GetUtcNow();
        if (by >= TimeSpan.Zero)
        {
            Advance(by);
            return;
        }

        lock (gate)
        {
            wall = now.ToUniversalTime();
        }
    }

    internal void Arm(TestTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        bool dueNow;
        lock (gate)
        {
            timers.Remove(timer);
            timer.Period = period;
            dueNow = dueTime == TimeSpan.Zero;
            if (dueTime != Timeout.InfiniteTimeSpan && !dueNow)
            {
                timer.DueAt = elapsed + dueTime.Ticks;
                timers.Add(timer);
            }
        }

        if (dueNow)
        {
            Rearm(timer, GetTimestamp());
            // On another thread, as the system's timers do: the caller may hold a lock its callback needs.
            ThreadPool.QueueUserWorkItem(static t => t.Fire(), timer, preferLocal: false);
        }
    }

    internal void Disarm(TestTimer timer)
    {
        lock (gate)
        {
            timers.Remove(timer);
        }
    }

    private TestTimer? TakeNextDue(long end)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
            if (next is not null)
            {
                MoveTo(next.DueAt);
                timers.Remove(next);
                Rearm(next, next.DueAt);
            }

            return next;
        }
    }

    private void Rearm(TestTimer timer, long from)
    {
        lock (gate)
        {
            if (timer.Period > TimeSpan.Zero)
            {
                timer.DueAt = from + timer.Period.Ticks;
                timers.Add(timer);
            }
        }
    }

    private void MoveTo(long to)
    {
        // A callback may itself have advanced the clock.
        if (to > elapsed)
        {
            wall += TimeSpan.FromTicks(to - elapsed);
            elapsed = to;
        }
    }
}
