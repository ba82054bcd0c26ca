using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Ledger;

namespace Saltern.Simulator.JobCache;

/// <summary>
/// Salt's own file cache, in memory: the load keeps target and arguments and is not overwritten, a return keeps its
/// value, return code and success only, a second return replaces the first. Jobs beyond the limit are forgotten.
/// </summary>
internal sealed class FileJobCache(RunLedger ledger) : IJobCache
{
    private const int LongestMemory = 20_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Job> jobs = new(StringComparer.Ordinal);
    private readonly Queue<string> oldestFirst = new();

    public long Lost => 0;

    public bool IsQuiet => true;

    public long Stored { get; private set; }

    public Task SaveLoadAsync(
        string jid, string load, IReadOnlyList<string> minions, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Job job = JobOf(jid);
            job.Load = load;
            job.Minions = [.. job.Minions.Union(minions)];
        }

        return Task.CompletedTask;
    }

    public ValueTask StoreReturnAsync(StoredReturn row, CancellationToken cancellationToken)
    {
        string outputter = row.Out is null ? "" : $",\"out\":{Json.Quote(row.Out)}";
        string success = row.Success ? "true" : "false";
        lock (gate)
        {
            JobOf(row.Jid).Returns[row.Id] =
                $"{{\"return\":{row.Value},\"retcode\":{row.Retcode},\"success\":{success}{outputter}}}";
            Stored++;
        }

        if (row.Minion is { } minion)
        {
            ledger.Stored(row.Jid, minion);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask StoreEventAsync(string tag, string data, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    public Task<JsonObject?> LoadOfAsync(string jid, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return Task.FromResult(jobs.TryGetValue(jid, out Job? job) ? LoadOf(job) : null);
        }
    }

    public Task<JsonObject> ReturnsOfAsync(string jid, CancellationToken cancellationToken)
    {
        JsonObject found = [];
        lock (gate)
        {
            foreach ((string id, string text) in jobs.GetValueOrDefault(jid)?.Returns ?? [])
            {
                found[id] = Json.Parse(text);
            }
        }

        return Task.FromResult(found);
    }

    public Task<List<(string Jid, JsonObject Load)>> JobsAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return Task.FromResult(jobs.Select(pair => (pair.Key, LoadOf(pair.Value) ?? [])).ToList());
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static JsonObject? LoadOf(Job job)
    {
        if (job.Load is null)
        {
            return null;
        }

        JsonObject load = Json.Parse(job.Load)!.AsObject();
        load["Minions"] = Json.Array(job.Minions);
        return load;
    }

    private Job JobOf(string jid)
    {
        if (!jobs.TryGetValue(jid, out Job? job))
        {
            jobs[jid] = job = new Job();
            oldestFirst.Enqueue(jid);
            if (oldestFirst.Count > LongestMemory)
            {
                jobs.Remove(oldestFirst.Dequeue());
            }
        }

        return job;
    }

    private sealed class Job
    {
        public string? Load { get; set; }

        public List<string> Minions { get; set; } = [];

        public Dictionary<string, string> Returns { get; } = new(StringComparer.Ordinal);
    }
}
