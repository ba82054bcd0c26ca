using System.Text;

namespace Saltern.Simulator.Minions;

/// <summary>
/// What minions with <c>cache_jobs</c> keep on their disks: survives restarts, unlike the memory of jids. All of them
/// share a budget of bytes; the oldest go first.
/// </summary>
internal sealed class CachedJobs(long budget)
{
    private readonly Dictionary<(int Minion, string Jid), byte[]> returns = [];
    private readonly Queue<(int Minion, string Jid)> oldestFirst = new();
    private readonly Lock gate = new();
    private long bytes;

    public void Keep(int minion, string jid, string json)
    {
        byte[] text = Encoding.UTF8.GetBytes(json);
        lock (gate)
        {
            if (returns.Remove((minion, jid), out byte[]? former))
            {
                bytes -= former.Length;
            }
            else
            {
                oldestFirst.Enqueue((minion, jid));
            }

            returns[(minion, jid)] = text;
            bytes += text.Length;
            while (bytes > budget && oldestFirst.Count > 1)
            {
                (int Minion, string Jid) oldest = oldestFirst.Dequeue();
                bytes -= returns.Remove(oldest, out byte[]? gone) ? gone.Length : 0;
            }
        }
    }

    public string? Find(int minion, string jid)
    {
        lock (gate)
        {
            return returns.TryGetValue((minion, jid), out byte[]? text) ? Encoding.UTF8.GetString(text) : null;
        }
    }
}
