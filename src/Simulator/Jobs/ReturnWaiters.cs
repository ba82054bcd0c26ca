using System.Collections.Concurrent;

namespace Saltern.Simulator.Jobs;

/// <summary>Who waits on the event bus for the returns of a job: the synchronous client does.</summary>
internal sealed class ReturnWaiters
{
    private readonly ConcurrentDictionary<string, Waiter> waiters = new(StringComparer.Ordinal);

    public Waiter Expect(string jid, IEnumerable<string> minions) => waiters[jid] = new Waiter(minions);

    public void Forget(string jid) => waiters.TryRemove(jid, out _);

    public void Offer(string jid, string minion, string value)
    {
        if (!waiters.IsEmpty && waiters.TryGetValue(jid, out Waiter? waiter))
        {
            waiter.Take(minion, value);
        }
    }

    internal sealed class Waiter(IEnumerable<string> minions)
    {
        private readonly Lock gate = new();
        private readonly HashSet<string> missing = [.. minions];
        private readonly List<(string Minion, string Value)> returned = [];
        private readonly TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Complete => complete.Task;

        public void Take(string minion, string value)
        {
            lock (gate)
            {
                if (missing.Remove(minion))
                {
                    returned.Add((minion, value));
                }

                if (missing.Count == 0)
                {
                    complete.TrySetResult();
                }
            }
        }

        public (List<(string Minion, string Value)> Returned, List<string> Missing) Look()
        {
            lock (gate)
            {
                return ([.. returned], [.. missing]);
            }
        }
    }
}
