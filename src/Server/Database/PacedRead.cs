namespace Saltern.Server.Database;

/// <summary>
/// A reading that many may ask for and that costs much: at most one at a time and one per pace, however many ask. Who
/// asks gets what was read after they asked, never something older, so that the last of many changes is seen too.
/// </summary>
internal sealed class PacedRead<T>(Func<CancellationToken, Task<T>> read, TimeSpan pace, TimeProvider clock)
{
    private readonly Lock gate = new();
    private Task<T>? next;
    private Task last = Task.CompletedTask;
    private long? begun;

    public Task<T> AskAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            next ??= ReadAsync(last);
            return next.WaitAsync(cancellationToken);
        }
    }

    private async Task<T> ReadAsync(Task before)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (begun is { } time && pace - clock.GetElapsedTime(time) is { Ticks: > 0 } rest)
        {
            await Task.Delay(rest, clock, CancellationToken.None);
        }

        lock (gate)
        {
            // Who asks from now on may know of what this reading does not see.
            (last, next, begun) = (next!, null, clock.GetTimestamp());
        }

        // Nobody's own token: others may wait for the same reading. The statement has its time-out.
        return await read(CancellationToken.None);
    }
}
