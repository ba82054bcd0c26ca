namespace Saltern.Chaos;

/// <summary>Looking again and again until something holds.</summary>
internal static class Patience
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    /// <summary>False when it did not hold in time.</summary>
    public static async Task<bool> TryUntilAsync(
        Func<Task<bool>> holds, TimeSpan atMost, TimeProvider clock, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (!await holds())
        {
            if (clock.GetElapsedTime(started) > atMost)
            {
                return false;
            }

            await Task.Delay(BetweenLooks, clock, cancellationToken);
        }

        return true;
    }

    public static async Task UntilAsync(
        Func<Task<bool>> holds, TimeSpan atMost, string what, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!await TryUntilAsync(holds, atMost, clock, cancellationToken))
        {
            throw new TimeoutException($"waited {atMost.TotalSeconds:0} s in vain until {what}");
        }
    }
}
