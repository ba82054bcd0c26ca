using System.Collections.Concurrent;
using System.Threading.Channels;
using Saltern.Contract;

namespace Saltern.Bench;

/// <summary>Asks for targets whose returns have just been committed until their status is there.</summary>
internal sealed class StatusProbe(ServerProcess server, long action, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly Channel<(string Minion, long At)> committed = Channel.CreateUnbounded<(string, long)>();

    /// <summary>From commit to sight, for each that was asked for.</summary>
    public ConcurrentBag<double> Milliseconds { get; } = [];

    public void Committed(string minion) => committed.Writer.TryWrite((minion, clock.GetTimestamp()));

    public void NoMore() => committed.Writer.Complete();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var (minion, at) in committed.Reader.ReadAllAsync(cancellationToken))
        {
            while ((await server.ReadTargetAsync(action, minion, cancellationToken)).Status
                != TargetStatusNames.Completed)
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }

            Milliseconds.Add(clock.GetElapsedTime(at).TotalMilliseconds);
        }
    }
}
