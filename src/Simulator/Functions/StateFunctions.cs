using System.Globalization;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Functions;

/// <summary>
/// Salt's module <c>state</c>. A few names of states mean a certain end (the same as in recordings of a real master):
/// ok, fails, badrender, badyaml, nofunc, slow (pillar <c>seconds</c>), anything that begins with nosuch. Other names
/// succeed.
/// </summary>
internal static class StateFunctions
{
    public static SaltFunction[] All { get; } =
    [
        StateRun("state.apply", Run),
        StateRun("state.sls", Run),
        StateRun("state.highstate", Run),
        StateRun("state.template_str", TemplateRun.Run),
        new("state.running", call => FunctionResult.Of(Json.Array(RunningElsewhere(call)))),
    ];

    /// <summary>The refusal while another state run goes on, null if there is none.</summary>
    public static FunctionResult? Conflict(FunctionCall call)
    {
        string[] others = [.. RunningElsewhere(call)];
        return others.Length == 0 || Json.IsTrue(call.Keyword("queue"))
            ? null
            : FunctionResult.Of(Json.Array(others), 1, "highstate");
    }

    /// <summary>A state run that ends with one failed state, for the fault of that name.</summary>
    public static FunctionResult Failed(FunctionCall call) => Build(call, ["fails"]);

    private static SaltFunction StateRun(string name, Func<FunctionCall, FunctionResult> run) => new(name, run)
    {
        Lock = FunctionLock.States, Out = "highstate", TakesMore = true, TakesKeywords = true, Duration = DurationOf,
        Begin = (call, endsAt) => SalternStates.Begin(call, NamesOf(call), endsAt),
        Outlive = call => SalternStates.Outlive(call, NamesOf(call)),
    };

    private static IEnumerable<string> RunningElsewhere(FunctionCall call) =>
        (call.State.Running ?? []).Where(job => job.Function.Lock == FunctionLock.States).Select(job =>
            $"The function \"{job.Publication.Function}\" is running as PID {job.Pid} and was started at "
            + $"{StartOf(job)} with jid {job.Publication.Jid}");

    private static string StartOf(RunningJob job)
    {
        string jid = job.Publication.Jid;
        bool isTime = jid.Length >= 20 && int.TryParse(jid.AsSpan(4, 2), out int month) && month is >= 1 and <= 12;
        return isTime ? Jids.StartTime(jid) : "";
    }

    private static string[] NamesOf(FunctionCall call)
    {
        if (call.Publication.Function == "state.highstate")
        {
            return [];
        }

        JsonNode? given = call.Argument("mods", 0);
        return given is JsonArray list
            ? [.. list.Select(Json.TextOf)]
            : Json.TextOf(given).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static TimeSpan DurationOf(FunctionCall call) =>
        NamesOf(call).Contains("slow")
            ? TestFunctions.Seconds((call.Keyword("pillar") as JsonObject)?["seconds"])
            : SalternStates.DurationOf(call, NamesOf(call));

    private static FunctionResult Run(FunctionCall call)
    {
        string[] names = NamesOf(call);
        foreach (string name in names)
        {
            if (RenderError(name) is { } error)
            {
                return FunctionResult.Of(new JsonArray(error), 1, "highstate");
            }
        }

        return Build(call, names.Length == 0 ? ["base.packages", "base.ssh", "base.time"] : names);
    }

    private static string? RenderError(string name) => name switch
    {
        "badrender" =>
            "Rendering SLS 'base:badrender' failed: Jinja variable 'undefined_thing' is undefined; line 3\n\n"
            + "---\nlab_bad:\n  test.nop:\n   - name: {{ undefined_thing.attr }}    <======================\n---",
        "badyaml" => "Rendering SLS 'base:badyaml' failed: mapping values are not allowed in this context",
        _ when name.StartsWith("nosuch", StringComparison.Ordinal) =>
            $"No matching sls found for '{name}' in env 'base'",
        _ => null,
    };

    private static FunctionResult Build(FunctionCall call, string[] names)
    {
        StateReport report = new(call, DurationOf(call));
        foreach (string name in names)
        {
            AddStates(report, call, name);
        }

        return report.Result with { Aftermath = SalternStates.AftermathOf(call, names) };
    }

    private static void AddStates(StateReport report, FunctionCall call, string name)
    {
        switch (name)
        {
            case "fails":
                report.Add(name, "lab_first", "lab_first", "test", "nop", result: true, "Success!", []);
                report.Add(name, "lab_fails", "fails", "test", "fail_without_changes", result: false, "Failure!", []);
                report.Add(
                    name, "lab_after", "after", "test", "succeed_without_changes", result: false,
                    "One or more requisite failed: fails.lab_fails", []);
                break;
            case "nofunc":
                report.AddMissing("nosuchstate_|-lab_nofunc_|-x_|-installed", "nosuchstate.installed", name);
                break;
            case "slow":
                AddSlow(report, call);
                break;
            case SalternStates.Channels or SalternStates.DistUpgrade:
                SalternStates.Add(report, call, name);
                break;
            default:
                string id = name == "ok" ? "lab_ok" : name.Replace('.', '_');
                report.Add(
                    name, id, name, "test", "succeed_with_changes", result: true, "Success!",
                    new JsonObject
                    {
                        ["testing"] = new JsonObject
                        {
                            ["old"] = "Unchanged",
                            ["new"] = "Something pretended to change",
                        },
                    });
                break;
        }
    }

    private static void AddSlow(StateReport report, FunctionCall call)
    {
        string seconds = DurationOf(call).TotalSeconds.ToString(CultureInfo.InvariantCulture);
        JsonObject changes = new() { ["pid"] = call.Pid + 6, ["retcode"] = 0, ["stdout"] = "", ["stderr"] = "" };
        report.Add(
            "slow", "lab_slow", $"sleep {seconds}", "cmd", "run", result: true, $"Command \"sleep {seconds}\" run",
            changes);
    }
}
