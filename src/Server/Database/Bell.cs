using System.Collections.Immutable;
using System.Threading.Channels;

namespace Saltern.Server.Database;

/// <summary>
/// Wakes one loop. Ringing sets a flag; however often it rings while the loop is at work, the loop goes round once
/// more. A bell carries no decision: the loop reads the table, and it looks there now and then without any bell.
/// </summary>
internal sealed class Bell
{
    private readonly Channel<byte> flag = Channel.CreateBounded<byte>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private ImmutableList<Bell> echoes = [];

    public void Ring()
    {
        flag.Writer.TryWrite(0);
        foreach (var echo in echoes)
        {
            echo.Ring();
        }
    }

    /// <summary>A bell that rings whenever this one does, for a second loop that waits for the same.</summary>
    public Bell Echo()
    {
        var echo = new Bell();
        ImmutableInterlocked.Update(ref echoes, known => known.Add(echo));
        return echo;
    }

    /// <summary>
    /// Returns true when the bell has rung since the last wait, false after <paramref name="atMost"/>.
    /// </summary>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (flag.Reader.TryRead(out _))
        {
            return true;
        }

        if (atMost <= TimeSpan.Zero)
        {
            return false;
        }

        using var timer = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await flag.Reader.ReadAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is up: that, too, is a reason to look.
            return false;
        }
    }
}
