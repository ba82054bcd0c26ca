using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Saltern.Server.Changes;

/// <summary>
/// One who watches. The queue is bounded: whoever reads slower than things happen is told to read again what is shown,
/// instead of having the past kept for them.
/// </summary>
internal sealed class ChangeSubscription : IDisposable
{
    private readonly Channel<ChangeEvent> queue;
    private readonly Action<ChangeSubscription> leave;
    private volatile bool missed;

    public ChangeSubscription(long? action, int capacity, Action<ChangeSubscription> leave)
    {
        ActionId = action;
        this.leave = leave;
        queue = Channel.CreateBounded<ChangeEvent>(new BoundedChannelOptions(capacity) { SingleReader = true });
        queue.Writer.TryWrite(new ChangeEvent.Reload());
    }

    /// <summary>Only changes of this action; null for all.</summary>
    public long? ActionId { get; }

    /// <summary>
    /// What changed, as it comes; the first is always <see cref="ChangeEvent.Reload"/>. When nothing happens for so
    /// long, null: a sign of life for connections that would be cut otherwise.
    /// </summary>
    public async IAsyncEnumerable<ChangeEvent?> ReadAsync(
        TimeSpan quiet, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await WaitAsync(quiet, clock, cancellationToken) is { } open)
        {
            if (!open)
            {
                yield return null;
            }

            while (TryTake(out var change))
            {
                yield return change;
            }
        }
    }

    public void Tell(ChangeEvent change)
    {
        if (!queue.Writer.TryWrite(change))
        {
            missed = true;
        }
    }

    /// <summary>Ends the stream, for a server that stops.</summary>
    public void End() => queue.Writer.TryComplete();

    public void Dispose() => leave(this);

    private bool TryTake(out ChangeEvent? change)
    {
        if (missed)
        {
            missed = false;
            while (queue.Reader.TryRead(out _))
            {
                // What waits here is older than what is going to be read anew.
            }

            change = new ChangeEvent.Reload();
            return true;
        }

        return queue.Reader.TryRead(out change);
    }

    /// <summary>True: there is something; false: it was quiet; null: the stream has ended.</summary>
    private async Task<bool?> WaitAsync(TimeSpan quiet, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(quiet, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await queue.Reader.WaitToReadAsync(either.Token) ? true : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
