namespace Saltern.Rig;

/// <summary>
/// A clock that moves only when the test says so. Timers, and with them <c>Task.Delay(…, clock)</c>, fire in order of
/// their due time while the clock is advanced past them, each seeing the time at which it was due.
/// </summary>
public sealed class TestClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<TestTimer> _timers = [];
    private DateTimeOffset _wall = start.ToUniversalTime();
    private long _elapsed;

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
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _wall;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _elapsed;
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
        lock (_lock)
        {
            end = _elapsed + by.Ticks;
        }

        while (TakeNextDue(end) is { } timer)
        {
            timer.Fire();
        }

        lock (_lock)
        {
            MoveTo(end);
        }
    }

    /// <summary>Sets the wall clock: forward advances; back is a corrected clock, timers and timestamps unmoved.</summary>
    public void Set(DateTimeOffset now)
    {
        var by = now - GetUtcNow();
        if (by >= TimeSpan.Zero)
        {
            Advance(by);
            return;
        }

        lock (_lock)
        {
            _wall = now.ToUniversalTime();
        }
    }

    internal void Arm(TestTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        bool dueNow;
        lock (_lock)
        {
            _timers.Remove(timer);
            timer.Period = period;
            dueNow = dueTime == TimeSpan.Zero;
            if (dueTime != Timeout.InfiniteTimeSpan && !dueNow)
            {
                timer.DueAt = _elapsed + dueTime.Ticks;
                _timers.Add(timer);
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
        lock (_lock)
        {
            _timers.Remove(timer);
        }
    }

    private TestTimer? TakeNextDue(long end)
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
            if (next is not null)
            {
                MoveTo(next.DueAt);
                _timers.Remove(next);
                Rearm(next, next.DueAt);
            }

            return next;
        }
    }

    private void Rearm(TestTimer timer, long from)
    {
        lock (_lock)
        {
            if (timer.Period > TimeSpan.Zero)
            {
                timer.DueAt = from + timer.Period.Ticks;
                _timers.Add(timer);
            }
        }
    }

    private void MoveTo(long elapsed)
    {
        // A callback may itself have advanced the clock.
        if (elapsed > _elapsed)
        {
            _wall += TimeSpan.FromTicks(elapsed - _elapsed);
            _elapsed = elapsed;
        }
    }
}
