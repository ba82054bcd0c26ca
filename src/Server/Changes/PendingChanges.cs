namespace Saltern.Server.Changes;

/// <summary>
/// What was notified since the last reading: which actions, and which of their targets. It is bounded: more targets
/// than can be named become "many", more actions than can be read become "everything".
/// </summary>
internal sealed class PendingChanges(int mostActions, int mostTargets)
{
    private readonly Lock door = new();
    private Dictionary<long, HashSet<long>?> actions = [];
    private bool everything;

    /// <summary>Notes a change; no keys means that targets changed which nobody named.</summary>
    public void Add(long action, IReadOnlyList<long> minionKeys)
    {
        lock (door)
        {
            if (!actions.TryGetValue(action, out var named))
            {
                if (actions.Count >= mostActions)
                {
                    everything = true;
                    return;
                }

                named = [];
            }

            named?.UnionWith(minionKeys);
            actions[action] = minionKeys.Count == 0 || named is null || named.Count > mostTargets ? null : named;
        }
    }

    public void AddEverything()
    {
        lock (door)
        {
            everything = true;
        }
    }

    /// <summary>Hands out what came together and starts anew. A null set stands for targets nobody named.</summary>
    public (IReadOnlyDictionary<long, HashSet<long>?> Actions, bool Everything) Take()
    {
        lock (door)
        {
            var taken = (actions, everything);
            actions = [];
            everything = false;
            return taken;
        }
    }
}
