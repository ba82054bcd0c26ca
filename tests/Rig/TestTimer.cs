namespace Saltern.Rig;

internal sealed class TestTimer(TestClock clock, TimerCallback callback, object? state) : ITimer
{
    private bool disposed;

    internal long DueAt { get; set; }

    internal TimeSpan Period { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (disposed)
        {
            return false;
        }

        clock.Arm(this, dueTime, period);
        return true;
    }

    public void Dispose()
    {
        disposed = true;
        clock.Disarm(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    internal void Fire() => callback(state);
}
