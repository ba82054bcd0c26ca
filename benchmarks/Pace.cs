namespace Saltern.Bench;

/// <summary>Hands out numbers at an even pace to all who ask, and knows whether they kept up.</summary>
internal sealed class Pace(TimeProvider clock, int perSecond, int count)
{
    private readonly long started = clock.GetTimestamp();
    private int next = -1;
    private double latest;

    /// <summary>The next number when its time has come; null after the last.</summary>
    public async Task<int?> NextAsync(CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref next);
        if (number >= count)
        {
            return null;
        }

        var due = TimeSpan.FromSeconds((double)number / perSecond);
        var left = due - clock.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, clock, cancellationToken);
        }

        latest = clock.GetElapsedTime(started).TotalSeconds;
        return number;
    }

    /// <summary>A slower pace than was said would flatter the figures.</summary>
    public void RequireKept()
    {
        var wanted = (double)count / perSecond;
        if (latest > wanted * 1.05 + 0.5)
        {
            throw new UnfinishedWorkException(
                $"the writers did not keep the pace: {Figure.Number(latest)} s instead of {Figure.Number(wanted)} s");
        }
    }
}
