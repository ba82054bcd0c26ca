namespace Saltern.Simulator.Minions;

/// <summary>
/// The jids that a minion has seen: the last 100 (Salt's minion_jid_queue_hwm), in memory until its process restarts.
/// Jobs are small numbers shared by all minions, and the ring grows only as far as it is used.
/// </summary>
internal struct JidMemory
{
    public const int Limit = 100;

    private int[]? ring;
    private byte count;
    private byte next;

    /// <summary>False if the job was seen before: the minion then skips it silently.</summary>
    public bool Remember(int job)
    {
        if (ring is not null && ring.AsSpan(0, count).Contains(job))
        {
            return false;
        }

        if (count < Limit)
        {
            MakeRoom();
            ring![count++] = job;
            return true;
        }

        ring![next] = job;
        next = (byte)((next + 1) % Limit);
        return true;
    }

    public void Forget()
    {
        ring = null;
        count = 0;
        next = 0;
    }

    private void MakeRoom()
    {
        int length = ring?.Length ?? 0;
        if (count == length)
        {
            Array.Resize(ref ring, Math.Min(Limit, Math.Max(4, length * 2)));
        }
    }
}
