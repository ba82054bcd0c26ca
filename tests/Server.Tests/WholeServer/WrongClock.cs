namespace Saltern.Server.Tests.WholeServer;

/// <summary>The clock of a machine that somebody sets; its steady counter and its timers are right.</summary>
internal sealed class WrongClock(TimeSpan ahead) : TimeProvider
{
    private long ahead = ahead.Ticks;

    public void Set(TimeSpan to) => Interlocked.Exchange(ref ahead, to.Ticks);

    public override DateTimeOffset GetUtcNow() =>
        System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ahead));
}
