using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Ledger;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Functions;

/// <summary>Salt's module <c>saltutil</c>: what runs, what ran, and ending it.</summary>
internal static class SaltutilFunctions
{
    private static readonly string[] Synced =
    [
        "beacons", "clouds", "engines", "executors", "grains", "log_handlers", "matchers", "modules", "output",
        "proxymodules", "renderers", "returners", "sdb", "serializers", "states", "thorium", "utils",
    ];

    public static SaltFunction[] All { get; } =
    [
        new("saltutil.running", Running),
        new("saltutil.is_running", IsRunning) { Parameters = ["fun"], Required = 1 },
        new("saltutil.find_job", FindJob) { Parameters = ["jid"], Required = 1 },
        new("saltutil.find_cached_job", FindCachedJob) { Parameters = ["jid"], Required = 1 },
        new("saltutil.term_job", call => Signal(call, 15)) { Parameters = ["jid"], Required = 1 },
        new("saltutil.kill_job", call => Signal(call, 9)) { Parameters = ["jid"], Required = 1 },
        new("saltutil.signal_job", call => Signal(call, (int)Json.NumberOf(call.Argument("sig", 1), 15)))
        {
            Parameters = ["jid", "sig"], Required = 2,
        },
        new("saltutil.refresh_grains", _ => FunctionResult.True) { TakesKeywords = true },
        new("saltutil.refresh_pillar", _ => FunctionResult.True) { TakesKeywords = true },
        new("saltutil.refresh_modules", _ => FunctionResult.True) { TakesKeywords = true },
        new("saltutil.sync_grains", _ => new FunctionResult("[]")) { TakesKeywords = true },
        new("saltutil.sync_modules", _ => new FunctionResult("[]")) { TakesKeywords = true },
        new("saltutil.sync_states", _ => new FunctionResult("[]")) { TakesKeywords = true },
        new("saltutil.sync_all", SyncAll) { TakesKeywords = true },
    ];

    // A job that has not forked yet, and the call itself, are not in the minion's folder of running jobs.
    private static IEnumerable<RunningJob> Jobs(FunctionCall call) => (call.State.Running ?? []).Where(job =>
        !job.Killed
        && job.Publication.Jid != call.Publication.Jid
        && job.StartedAt + call.Process.ForkDelay <= call.Now);

    private static FunctionResult Running(FunctionCall call) =>
        FunctionResult.Of(new JsonArray([.. Jobs(call).Select(Describe)]));

    private static FunctionResult IsRunning(FunctionCall call)
    {
        string pattern = call.Text("fun", 0);
        return FunctionResult.Of(new JsonArray(
            [.. Jobs(call).Where(job => Targets.Matches(pattern, job.Publication.Function)).Select(Describe)]));
    }

    private static FunctionResult FindJob(FunctionCall call) =>
        FunctionResult.Of(Jobs(call).FirstOrDefault(job => job.Publication.Jid == call.Text("jid", 0)) is { } job
            ? Describe(job)
            : new JsonObject());

    private static JsonObject Describe(RunningJob job)
    {
        LowChunk low = job.Publication.Low;
        JsonObject described = new()
        {
            ["pid"] = job.Pid,
            ["fun"] = job.Publication.Function,
            ["arg"] = JsonNode.Parse(job.Publication.FunArgs),
            ["tgt"] = low.Target?.DeepClone(),
            ["jid"] = job.Publication.Jid,
            ["ret"] = Json.TextOf(low.Body["ret"]),
            ["tgt_type"] = low.TargetType,
            ["user"] = low.User,
        };
        if (low.Metadata is { } metadata)
        {
            described["metadata"] = metadata.DeepClone();
        }

        if (low.MasterId is { } master)
        {
            described["master_id"] = master;
        }

        return described;
    }

    private static FunctionResult FindCachedJob(FunctionCall call)
    {
        string jid = call.Text("jid", 0);
        if (!call.State.CacheJobs)
        {
            return FunctionResult.Of(
                "Local jobs cache directory not found; you may need to enable cache_jobs on this minion");
        }

        return call.Process.CachedJobs.Find(call.Minion, jid) is { } cached
            ? new FunctionResult(cached, SaysNo(cached) ? 1 : 0)
            : FunctionResult.Of($"Local jobs cache directory /var/cache/salt/minion/minion_jobs/{jid} not found");
    }

    // Salt takes a dict with a false "result" or "success" for the return of something that failed, whatever it is.
    private static bool SaysNo(string cached) =>
        JsonNode.Parse(cached) is JsonObject kept && (IsFalse(kept["result"]) || IsFalse(kept["success"]));

    private static bool IsFalse(JsonNode? node) => node is JsonValue said && said.TryGetValue(out bool went) && !went;

    private static FunctionResult Signal(FunctionCall call, int signal)
    {
        string jid = call.Text("jid", 0);
        if (Jobs(call).FirstOrDefault(running => running.Publication.Jid == jid) is not { } job)
        {
            return FunctionResult.EmptyText;
        }

        job.Killed = true;
        call.State.Running!.Remove(job);
        call.Process.Ledger.Stopped(jid, call.Minion, LedgerOutcome.Killed);
        return FunctionResult.Of($"Signal {signal} sent to job {jid} at pid {job.Pid}");
    }

    private static FunctionResult SyncAll(FunctionCall call)
    {
        JsonObject synced = [];
        foreach (string kind in Synced)
        {
            synced[kind] = new JsonArray();
        }

        return FunctionResult.Of(synced);
    }
}
