using System.Globalization;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Functions;

/// <summary>What a state run returns: one entry for each state, in the order they were run.</summary>
internal sealed class StateReport(FunctionCall call, TimeSpan duration)
{
    private readonly DateTimeOffset start = call.Now - duration;
    private readonly JsonObject states = [];
    private bool anyFailed;

    /// <summary>Nothing is to change: what would change is only told.</summary>
    public bool IsTest { get; } = Json.IsTrue(call.Keyword("test"));

    public FunctionResult Result => FunctionResult.Of(states, anyFailed ? 2 : 0, "highstate");

    // A state whose function does not exist never began, and says less.
    public void AddMissing(string key, string function, string sls)
    {
        states[key] = new JsonObject
        {
            ["name"] = key.Split("_|-")[2],
            ["result"] = false,
            ["changes"] = new JsonObject(),
            ["comment"] = $"State '{function}' was not found in SLS '{sls}'\n"
                + $"Reason: '{function}' is not available.\n",
            ["__run_num__"] = states.Count,
        };
        anyFailed = true;
    }

    public void Add(
        string? sls, string id, string name, string module, string function, bool result, string comment,
        JsonObject changes, JsonObject? saltern = null)
    {
        int number = states.Count;
        bool pretended = IsTest && result && changes.Count > 0;
        double noise = Dice.Fraction(
            call.Fleet.Seed, (ulong)call.Minion, (ulong)call.Publication.Job, (ulong)number);
        JsonObject state = new()
        {
            ["name"] = name,
            ["changes"] = changes,
            ["result"] = pretended ? null : result,
            ["comment"] = pretended ? "If we weren't testing, this would be successful with changes" : comment,
            ["__sls__"] = sls,
            ["__run_num__"] = number,
            ["start_time"] = start.UtcDateTime.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
            ["duration"] = Math.Round(duration.TotalMilliseconds + 0.3 + (noise * 8), 3),
            ["__id__"] = id,
        };
        if (saltern is not null)
        {
            state["saltern"] = saltern;
        }

        states[$"{module}_|-{id}_|-{name}_|-{function}"] = state;
        anyFailed |= !result;
    }
}
