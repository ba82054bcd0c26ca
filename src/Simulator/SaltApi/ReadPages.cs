using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>The pages that are read with GET.</summary>
internal sealed class ReadPages(Lowstate lowstate, TimeProvider clock)
{
    private readonly DateTimeOffset started = clock.GetUtcNow();

    public static JsonObject Welcome() => new() { ["return"] = "Welcome", ["clients"] = Json.Array(Clients.Names) };

    public async Task MinionsAsync(HttpContext context, string? minion)
    {
        JsonNode? grains = await lowstate.CallAsync(
            context, new JsonObject { ["client"] = "local", ["tgt"] = minion ?? "*", ["fun"] = "grains.items" });
        await Answers.WriteAsync(context, new JsonObject { ["return"] = new JsonArray(grains) });
    }

    public async Task JobsAsync(HttpContext context, string? jid)
    {
        JsonObject call = new() { ["client"] = "runner", ["fun"] = jid is null ? "jobs.list_jobs" : "jobs.list_job" };
        if (jid is null)
        {
            JsonNode? jobs = await lowstate.CallAsync(context, call);
            await Answers.WriteAsync(context, new JsonObject { ["return"] = new JsonArray(jobs) });
            return;
        }

        call["jid"] = jid;
        JsonNode? job = await lowstate.CallAsync(context, call);
        if (job is not JsonObject { } described || described["Result"] is not JsonObject results)
        {
            throw new ServerError();
        }

        JsonObject values = [];
        foreach ((string minion, JsonNode? full) in results)
        {
            values[minion] = (full as JsonObject)?["return"]?.DeepClone();
        }

        await Answers.WriteAsync(
            context, new JsonObject { ["info"] = new JsonArray(described), ["return"] = new JsonArray(values) });
    }

    public async Task KeysAsync(HttpContext context, string? minion)
    {
        JsonObject call = minion is null
            ? new() { ["client"] = "wheel", ["fun"] = "key.list_all" }
            : new() { ["client"] = "wheel", ["fun"] = "key.finger", ["match"] = minion };
        JsonNode? done = await lowstate.CallAsync(context, call);
        await Answers.WriteAsync(context, new JsonObject { ["return"] = done?["data"]?["return"]?.DeepClone() });
    }

    public Task StatsAsync(HttpContext context)
    {
        lowstate.SessionOf(context);
        DateTimeOffset now = clock.GetUtcNow();
        return Answers.WriteAsync(context, new JsonObject
        {
            ["CherryPy Applications"] = new JsonObject
            {
                ["Enabled"] = true,
                ["Current Time"] = now.ToUnixTimeMilliseconds() / 1000.0,
                ["Server Version"] = "18.8.0",
                ["Uptime"] = (now - started).TotalSeconds,
            },
        });
    }
}
