using System.Runtime.InteropServices;

namespace Saltern.Simulator.Ledger;

/// <summary>
/// The truth about every run: what each minion really did, kept apart from all that is told to the outside. Tests, the
/// demo and chaos runs compare each target with it. Compact: one small struct for a run, names are kept once.
/// </summary>
public sealed class RunLedger
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, JobRuns> byJid = new(StringComparer.Ordinal);
    private readonly Queue<string> oldestFirst = new();
    private readonly Func<int, string> nameOf;
    private readonly Func<string, int?> numberOf;
    private readonly int capacity;
    private long runs;

    internal RunLedger(Func<int, string> nameOf, Func<string, int?> numberOf, int capacity)
    {
        this.nameOf = nameOf;
        this.numberOf = numberOf;
        this.capacity = capacity;
    }

    /// <summary>How many (job, minion) pairs are on record.</summary>
    public long Count
    {
        get
        {
            lock (gate)
            {
                return runs;
            }
        }
    }

    /// <summary>The entry for a job on a minion, or null if the minion never got it.</summary>
    public LedgerEntry? Find(string jid, string minionId)
    {
        ArgumentNullException.ThrowIfNull(jid);
        ArgumentNullException.ThrowIfNull(minionId);
        int? minion = numberOf(minionId);
        lock (gate)
        {
            return minion is { } number && byJid.TryGetValue(jid, out JobRuns? job)
                && job.Runs.TryGetValue(number, out MinionRuns run) ? Entry(job, number, run) : null;
        }
    }

    /// <summary>All entries of a job.</summary>
    public IReadOnlyList<LedgerEntry> OfJob(string jid)
    {
        ArgumentNullException.ThrowIfNull(jid);
        lock (gate)
        {
            return byJid.TryGetValue(jid, out JobRuns? job) ? Entries(job, 0, int.MaxValue) : [];
        }
    }

    /// <summary>All entries of a minion, oldest job first.</summary>
    public IReadOnlyList<LedgerEntry> OfMinion(string minionId) =>
        [.. Jobs().Select(jid => Find(jid, minionId)).OfType<LedgerEntry>()];

    /// <summary>The jobs on record, oldest first.</summary>
    public IReadOnlyList<string> Jobs()
    {
        lock (gate)
        {
            return [.. oldestFirst];
        }
    }

    /// <summary>
    /// Entries in order of job and arrival, from a position on (0 at first); a page may be shorter than the limit.
    /// </summary>
    public IReadOnlyList<LedgerEntry> Page(long from, int limit)
    {
        List<LedgerEntry> page = [];
        lock (gate)
        {
            long position = 0;
            foreach (string jid in oldestFirst)
            {
                JobRuns job = byJid[jid];
                long skip = Math.Max(0, from - position);
                position += job.Order.Count;
                if (skip < job.Order.Count && page.Count < limit)
                {
                    page.AddRange(Entries(job, (int)skip, limit - page.Count));
                }
            }
        }

        return page;
    }

    internal void Started(string jid, string function, string argumentsHash, int minion, DateTimeOffset now) =>
        Change(jid, function, argumentsHash, minion, (ref MinionRuns run) =>
        {
            run.StartedAt = run.TimesRun == 0 ? now : run.StartedAt;
            run.TimesRun++;
            run.Outcome = LedgerOutcome.Running;
        });

    internal void Skipped(string jid, int minion) =>
        Change(jid, null, null, minion, static (ref MinionRuns run) => run.TimesSkipped++);

    internal void Ended(string jid, int minion, int retcode) =>
        Change(jid, null, null, minion, (ref MinionRuns run) =>
        {
            run.Outcome = LedgerOutcome.Ended;
            run.Retcode = retcode;
            run.HasRetcode = true;
        });

    internal void Stopped(string jid, int minion, LedgerOutcome outcome) =>
        Change(jid, null, null, minion, (ref MinionRuns run) => run.Outcome = outcome);

    internal void Sent(string jid, int minion) =>
        Change(jid, null, null, minion, static (ref MinionRuns run) => run.ReturnsSent++);

    internal void Stored(string jid, int minion) =>
        Change(jid, null, null, minion, static (ref MinionRuns run) => run.ReturnsStored++);

    private delegate void Edit(ref MinionRuns run);

    private void Change(string jid, string? function, string? argumentsHash, int minion, Edit edit)
    {
        lock (gate)
        {
            JobRuns job = JobOf(jid);
            job.Function = function ?? job.Function;
            job.ArgumentsHash = argumentsHash ?? job.ArgumentsHash;
            ref MinionRuns run = ref CollectionsMarshal.GetValueRefOrAddDefault(job.Runs, minion, out bool known);
            if (!known)
            {
                job.Order.Add(minion);
                runs++;
            }

            edit(ref run);
            ForgetOldest();
        }
    }

    private JobRuns JobOf(string jid)
    {
        if (!byJid.TryGetValue(jid, out JobRuns? job))
        {
            job = new JobRuns(jid);
            byJid.Add(jid, job);
            oldestFirst.Enqueue(jid);
        }

        return job;
    }

    private void ForgetOldest()
    {
        while (runs > capacity && oldestFirst.Count > 1)
        {
            JobRuns oldest = byJid[oldestFirst.Dequeue()];
            byJid.Remove(oldest.Jid);
            runs -= oldest.Order.Count;
        }
    }

    private List<LedgerEntry> Entries(JobRuns job, int skip, int limit)
    {
        int count = Math.Min(limit, job.Order.Count - skip);
        List<LedgerEntry> entries = new(count);
        foreach (int minion in CollectionsMarshal.AsSpan(job.Order).Slice(skip, count))
        {
            entries.Add(Entry(job, minion, job.Runs[minion]));
        }

        return entries;
    }

    private LedgerEntry Entry(JobRuns job, int minion, MinionRuns run) => new(
        job.Jid,
        nameOf(minion),
        job.Function,
        job.ArgumentsHash,
        run.StartedAt,
        run.TimesRun,
        run.TimesSkipped,
        run.ReturnsSent,
        run.ReturnsStored,
        run.HasRetcode ? run.Retcode : null,
        run.Outcome);

    private sealed class JobRuns(string jid)
    {
        public string Jid { get; } = jid;

        public string Function { get; set; } = "";

        public string ArgumentsHash { get; set; } = "";

        public Dictionary<int, MinionRuns> Runs { get; } = [];

        public List<int> Order { get; } = [];
    }

    private struct MinionRuns
    {
        public DateTimeOffset StartedAt;
        public int Retcode;
        public ushort TimesRun;
        public ushort TimesSkipped;
        public ushort ReturnsSent;
        public ushort ReturnsStored;
        public bool HasRetcode;
        public LedgerOutcome Outcome;
    }
}
