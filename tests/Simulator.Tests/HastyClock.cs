namespace Saltern.Simulator.Tests;

/// <summary>
/// The real clock, run faster and set forward: what takes a minute on a minion takes a test a second or two.
/// </summary>
internal sealed class HastyClock(double speed) : TimeProvider
{
    private readonly DateTimeOffset origin = System.GetUtcNow();
    private long skipped;

    public void Skip(TimeSpan time) => Interlocked.Add(ref skipped, time.Ticks);

    public override DateTimeOffset GetUtcNow() =>
        origin + ((System.GetUtcNow() - origin) * speed) + TimeSpan.FromTicks(Interlocked.Read(ref skipped));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new HastyTimer(System.CreateTimer(callback, state, Scale(dueTime), Scale(period)), this);

    private TimeSpan Scale(TimeSpan time) => time <= TimeSpan.Zero ? time : time / speed;

    private sealed class HastyTimer(ITimer inner, HastyClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) =>
            inner.Change(clock.Scale(dueTime), clock.Scale(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
