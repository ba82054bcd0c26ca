using Saltern.Rig;

namespace Saltern.Simulation;

/// <summary>
/// A node's own clock: the world's, somewhat fast or slow; a step may put it back. Timers are the world's.
/// </summary>
internal sealed class SkewedClock(TestClock world) : TimeProvider
{
    public TimeSpan Skew { get; set; }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => world.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => world.GetUtcNow() + Skew;

    public override long GetTimestamp() => world.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        world.CreateTimer(callback, state, dueTime, period);
}
