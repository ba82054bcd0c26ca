namespace Saltern.Server.Tests.Salt;

/// <summary>A clock whose time-outs run out when the test says so, each known by its length.</summary>
internal sealed class HandClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<(TimeSpan Due, TimerCallback Callback, object? State)> timers = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (gate)
        {
            timers.Add((dueTime, callback, state));
        }
        return new Unwound();
    }

    /// <summary>Lets every time-out of this length run out.</summary>
    public void RunOut(TimeSpan length)
    {
        List<(TimeSpan Due, TimerCallback Callback, object? State)> due;
        lock (gate)
        {
            due = timers.FindAll(timer => timer.Due == length);
            timers.RemoveAll(timer => timer.Due == length);
        }
        Assert.NotEmpty(due);
        due.ForEach(timer => timer.Callback(timer.State));
    }

    private sealed class Unwound : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
