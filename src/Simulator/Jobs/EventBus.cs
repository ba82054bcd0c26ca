using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// The master's event bus as /events shows it. A listener that does not keep up loses the oldest events, never the
/// master its pace; without listeners nothing is even written down.
/// </summary>
internal sealed class EventBus
{
    private const int Backlog = 10_000;

    private readonly ConcurrentDictionary<Channel<(string Tag, string Body)>, byte> listeners = [];

    public bool HasListeners => !listeners.IsEmpty;

    public void Fire(string tag, string body)
    {
        foreach (Channel<(string Tag, string Body)> listener in listeners.Keys)
        {
            listener.Writer.TryWrite((tag, body));
        }
    }

    public Channel<(string Tag, string Body)> Listen()
    {
        Channel<(string Tag, string Body)> listener = Channel.CreateBounded<(string Tag, string Body)>(
            new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest });
        listeners[listener] = 0;
        return listener;
    }

    public void Leave(Channel<(string Tag, string Body)> listener) => listeners.TryRemove(listener, out _);
}
