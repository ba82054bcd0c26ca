namespace Saltern.Server.Salt;

/// <summary>The end of a caller's patience: a limit by the clock, together with the caller's own token.</summary>
internal sealed class SaltDeadline : IDisposable
{
    private readonly CancellationTokenSource limit;
    private readonly CancellationTokenSource both;

    public SaltDeadline(TimeProvider clock, TimeSpan time, CancellationToken caller)
    {
        Time = time;
        Caller = caller;
        limit = new CancellationTokenSource(time, clock);
        both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, caller);
    }

    public TimeSpan Time { get; }

    public CancellationToken Caller { get; }

    /// <summary>Cancelled by whichever comes first.</summary>
    public CancellationToken Token => both.Token;

    public void Dispose()
    {
        both.Dispose();
        limit.Dispose();
    }
}
