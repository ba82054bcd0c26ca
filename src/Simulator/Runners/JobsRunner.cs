using System.Text.Json.Nodes;
using Saltern.Simulator.JobCache;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;
using Saltern.Simulator.SaltApi;

namespace Saltern.Simulator.Runners;

/// <summary>
/// Salt's runner <c>jobs</c>: reads the job cache. With pgjsonb the load is overwritten by returns, so list_job loses
/// target and arguments after the first, and exit_success is always empty because the load names no minions.
/// </summary>
internal sealed class JobsRunner(IJobCache cache, LocalClient local)
{
    public IEnumerable<(string Name, MasterFunction Function)> Functions =>
    [
        ("run:jobs.active", new([], ActiveAsync)),
        ("run:jobs.lookup_jid", new(["jid", "ext_source", "returned", "missing"], LookupAsync)),
        ("run:jobs.list_job", new(
            ["jid", "ext_source"],
            async (call, token) => EventTrim.Apply(await ListJobAsync(call.Text("jid"), token)))),
        ("run:jobs.print_job", new(["jid", "ext_source"], PrintJobAsync)),
        ("run:jobs.list_jobs", new(
            ["ext_source", "outputter", "search_metadata", "search_function", "search_target"], ListJobsAsync)),
        ("run:jobs.exit_success", new(["jid", "ext_source"], ExitSuccessAsync)),
    ];

    public async Task<JsonObject> ListJobAsync(string jid, CancellationToken cancellationToken)
    {
        JsonObject job = new() { ["jid"] = jid };
        JsonObject? load = await cache.LoadOfAsync(jid, cancellationToken);
        if (load is null)
        {
            job["Error"] = "Cannot contact returner or no job with this jid";
        }
        else
        {
            Describe(job, load);
            job["Minions"] = load["Minions"]?.DeepClone();
            if (job["Minions"] is null)
            {
                job.Remove("Minions");
            }
        }

        job["StartTime"] = Jids.StartTime(jid);
        job["Result"] = await cache.ReturnsOfAsync(jid, cancellationToken);
        return job;
    }

    private static void Describe(JsonObject job, JsonObject load)
    {
        job["Function"] = load["fun"]?.DeepClone() ?? "unknown-function";
        job["Arguments"] = load["arg"]?.DeepClone() ?? new JsonArray();
        job["Target"] = load["tgt"]?.DeepClone() ?? "unknown-target";
        job["Target-type"] = load["tgt_type"]?.DeepClone() ?? "list";
        job["User"] = load["user"]?.DeepClone() ?? "root";
        JsonNode? metadata = load["metadata"] ?? (load["kwargs"] as JsonObject)?["metadata"];
        if (metadata is not null)
        {
            job["Metadata"] = metadata.DeepClone();
        }
    }

    private async Task<JsonNode?> LookupAsync(MasterCall call, CancellationToken cancellationToken)
    {
        JsonObject job = await ListJobAsync(call.Text("jid"), cancellationToken);
        JsonObject returns = job["Result"]!.AsObject();
        JsonObject found = [];
        foreach ((string minion, JsonNode? full) in returns)
        {
            found[minion] = (full as JsonObject)?["return"]?.DeepClone();
        }

        if (Json.IsTrue(call["missing"]))
        {
            IEnumerable<string> targeted = (job["Minions"] as JsonArray ?? []).Select(Json.TextOf);
            foreach (string minion in targeted.Where(id => !found.ContainsKey(id)))
            {
                found[minion] = "Minion did not return";
            }
        }

        JsonNode? outputter = (returns.FirstOrDefault().Value as JsonObject)?["out"];
        return outputter is null
            ? found
            : new JsonObject { ["outputter"] = outputter.DeepClone(), ["data"] = found };
    }

    private async Task<JsonNode?> PrintJobAsync(MasterCall call, CancellationToken cancellationToken)
    {
        JsonObject job = await ListJobAsync(call.Text("jid"), cancellationToken);
        job.Remove("jid");
        return new JsonObject { [call.Text("jid")] = job };
    }

    private async Task<JsonNode?> ExitSuccessAsync(MasterCall call, CancellationToken cancellationToken)
    {
        JsonObject job = await ListJobAsync(call.Text("jid"), cancellationToken);
        JsonObject ends = [];
        foreach (string minion in (job["Minions"] as JsonArray ?? []).Select(Json.TextOf))
        {
            ends[minion] = job["Result"]![minion] is JsonObject full && Json.NumberOf(full["retcode"], 1) == 0;
        }

        return ends;
    }

    private async Task<JsonNode?> ListJobsAsync(MasterCall call, CancellationToken cancellationToken)
    {
        JsonObject listed = [];
        foreach ((string jid, JsonObject load) in await cache.JobsAsync(cancellationToken))
        {
            JsonObject job = [];
            Describe(job, load);
            job["StartTime"] = Jids.StartTime(jid);
            if (IsWanted(call, job))
            {
                listed[jid] = job;
            }
        }

        return listed;
    }

    private static bool IsWanted(MasterCall call, JsonObject job)
    {
        if (call["search_function"] is { } function
            && !Targets.NamesOf(function).Any(pattern => Targets.Matches(pattern, Json.TextOf(job["Function"]))))
        {
            return false;
        }

        if (call["search_target"] is { } target && !Targets.NamesOf(target).Any(pattern =>
            Targets.NamesOf(job["Target"]).Any(name => Targets.Matches(pattern, name))))
        {
            return false;
        }

        return call["search_metadata"] is not JsonObject wanted || (job["Metadata"] is JsonObject has
            && wanted.Any(pair => JsonNode.DeepEquals(pair.Value, has[pair.Key])));
    }

    private async Task<JsonNode?> ActiveAsync(MasterCall call, CancellationToken cancellationToken)
    {
        LowChunk ask = new()
        {
            Body = new JsonObject { ["client"] = "local", ["tgt"] = "*", ["fun"] = "saltutil.running" },
            User = "root",
            Token = "",
            MasterId = call.Low.MasterId,
        };
        JsonObject active = [];
        foreach ((string minion, JsonNode? running) in await local.RunAsync(ask, cancellationToken))
        {
            foreach (JsonObject job in (running as JsonArray ?? []).OfType<JsonObject>())
            {
                Add(active, minion, job);
            }
        }

        foreach ((string jid, JsonNode? job) in active)
        {
            JsonObject returned = await cache.ReturnsOfAsync(jid, cancellationToken);
            job!["Returned"] = Json.Array(returned.Select(pair => pair.Key));
        }

        return active;
    }

    private static void Add(JsonObject active, string minion, JsonObject job)
    {
        string jid = Json.TextOf(job["jid"]);
        if (active[jid] is not JsonObject known)
        {
            known = [];
            Describe(known, job);
            known["StartTime"] = Jids.StartTime(jid);
            known["Running"] = new JsonArray();
            active[jid] = known;
        }

        known["Running"]!.AsArray().Add(new JsonObject { [minion] = job["pid"]?.DeepClone() });
    }
}
