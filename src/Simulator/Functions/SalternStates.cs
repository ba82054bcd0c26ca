using System.Text.Json.Nodes;
using Saltern.Simulator.Software;

namespace Saltern.Simulator.Functions;

/// <summary>
/// The states <c>saltern.channels</c> and <c>saltern.distupgrade</c>. Channels are set and the run is begun when the
/// call begins, for that is what outlives the minion's process.
/// </summary>
internal static class SalternStates
{
    public const string Channels = "saltern.channels";

    public const string DistUpgrade = "saltern.distupgrade";

    public static void Begin(FunctionCall call, string[] names, DateTimeOffset endsAt)
    {
        if (!Upgrades(call, names) || OrderOf(call, out _) is not { IsComplete: true } order)
        {
            return;
        }

        if (!order.IsPrivate)
        {
            MinionSoftware software = call.Fleet.OwnSoftwareOf(call.Minion);
            software.ChannelChanges = (call.Pid, software.SetChannels(call, order, test: false));
        }

        DupWorker.Begin(call, order, endsAt);
    }

    public static void Outlive(FunctionCall call, string[] names)
    {
        if (Upgrades(call, names) && RunOf(call) is { } run && run.EndsAt <= call.Now)
        {
            DupWorker.Settle(call, run);
        }
    }

    /// <summary>
    /// A new run takes what the setting says, one that goes on the rest of that, an ended one no time.
    /// </summary>
    public static TimeSpan DurationOf(FunctionCall call, string[] names)
    {
        if (!Upgrades(call, names) || OrderOf(call, out _) is not { } order)
        {
            return TimeSpan.Zero;
        }

        DupRun? run = DupWorker.Find(call, order.RunId);
        if (run is null or { IsDead: true })
        {
            return TimeSpan.FromSeconds(call.Fleet.SoftwareOf(call.Minion).Dup.Seconds);
        }

        return run.GoesOn && run.EndsAt > call.StartedAt ? run.EndsAt - call.StartedAt : TimeSpan.Zero;
    }

    /// <summary>Some ends are such that the return never leaves: only for the call that began the run.</summary>
    public static Aftermath AftermathOf(FunctionCall call, string[] names)
    {
        if (!Upgrades(call, names) || RunOf(call) is not { } run || !run.WasBegunBy(call))
        {
            return Aftermath.None;
        }

        return run.Outcome switch
        {
            DupOutcome.Outlived => Aftermath.RestartUnheard,
            DupOutcome.Interrupted or DupOutcome.InterruptedUnchanged => Aftermath.RebootUnheard,
            _ => Aftermath.None,
        };
    }

    public static void Add(StateReport report, FunctionCall call, string sls)
    {
        AddModules(report);
        if (!call.Fleet.HasZypper(call.Minion))
        {
            report.AddMissing(
                "saltern_zypper_|-saltern_channels_|-saltern_channels_|-channels", "saltern_zypper.channels", Channels);
            return;
        }

        DupOrder? order = OrderOf(call, out string problem);
        AddChannels(report, call, order, problem);
        if (sls == Channels)
        {
            return;
        }

        const string Plugin = "/usr/lib/supportconfig/plugins/saltern";
        report.Add(
            DistUpgrade, "saltern_supportconfig", Plugin, "file", "managed", result: true,
            $"File {Plugin} is in the correct state", []);
        (JsonObject? result, string comment) = order is null
            ? (null, "One or more requisite failed: saltern.channels.saltern_channels")
            : ResultOf(report, call, order);
        bool success = report.IsTest || (bool?)result?["success"] == true;
        JsonObject changes = (JsonObject)(result?["changes"]?.DeepClone() ?? new JsonObject());
        report.Add(
            DistUpgrade, "saltern_distupgrade", "saltern_distupgrade", "saltern_zypper", "dist_upgraded", success,
            comment, changes, result);
    }

    // The included state that brings modules and states to the minion; here they always are there already.
    private static void AddModules(StateReport report)
    {
        foreach (string what in (string[])["modules", "states"])
        {
            string id = $"saltern_{what}";
            report.Add(
                "saltern.modules", id, id, "saltutil", $"sync_{what}", result: true, "No updates to sync", []);
        }
    }

    private static void AddChannels(StateReport report, FunctionCall call, DupOrder? order, string problem)
    {
        const string Id = "saltern_channels";
        if (order is null)
        {
            report.Add(
                Channels, Id, Id, "saltern_zypper", "channels", result: false,
                $"The channels could not be set: {problem}", []);
            return;
        }

        JsonObject changes = [];
        if (!order.IsPrivate)
        {
            MinionSoftware software = call.Fleet.OwnSoftwareOf(call.Minion);
            JsonObject all = software.ChannelChanges is { } noted && noted.Pid == call.Pid
                ? noted.Changes
                : software.SetChannels(call, order, report.IsTest);
            foreach ((string kind, JsonNode? part) in all.Where(pair => pair.Value!.AsObject().Count > 0))
            {
                changes[kind] = part!.DeepClone();
            }
        }

        string comment = order.IsPrivate
            ? "The channels are given to the dry run alone; the repositories are as they were."
            : changes.Count == 0 ? "The channels are as they should be." : "Changed.";
        report.Add(Channels, Id, Id, "saltern_zypper", "channels", result: true, comment, changes);
    }

    private static (JsonObject? Result, string Comment) ResultOf(StateReport report, FunctionCall call, DupOrder order)
    {
        if (!order.IsComplete)
        {
            return (null, "The run could not begin: pillar saltern must have run_id and dry_run");
        }

        if (report.IsTest)
        {
            return (null, $"zypper dup would be {(order.DryRun ? "tried" : "done")} as run {order.RunId}.");
        }

        DupRun run = DupWorker.Find(call, order.RunId)!;
        JsonObject result;
        if (run.Order.Text != order.Text)
        {
            result = DupResult.Empty(run);
            result["reason"] = "parameters";
            result["changed"] = null;
            result["comment"] = $"The run_id {order.RunId} stands for a run with other parameters. A new run needs a "
                + "new run_id.";
        }
        else
        {
            DupWorker.Settle(call, run);
            result = (JsonObject?)run.Result?.DeepClone() ?? DupResult.Without(order.RunId, "not_begun", "");
            result["recorded"] = !run.WasBegunBy(call);
        }

        return (result, CommentOf(result));
    }

    private static string CommentOf(JsonObject result)
    {
        List<string> lines = [(string)result["comment"]!];
        foreach (JsonNode? problem in result["problems"] as JsonArray ?? [])
        {
            lines.Add($"Problem: {(string)problem!["problem"]!}");
            lines.AddRange(problem["solutions"]!.AsArray().Select((one, at) => $" Solution {at + 1}: {(string)one!}"));
        }

        if (result["plan"]?["remove"] is JsonArray { Count: > 0 } removed)
        {
            lines.Add("Removed: " + string.Join(", ", removed.Select(one => (string)one!["name"]!)));
        }

        if ((bool?)result["reboot_needed"] == true)
        {
            lines.Add("A reboot is needed.");
        }

        if ((bool?)result["recorded"] == true)
        {
            lines.Add($"(Recorded result of run {(string)result["run_id"]!}.)");
        }

        return string.Join('\n', lines);
    }

    private static bool Upgrades(FunctionCall call, string[] names) =>
        names.Contains(DistUpgrade) && call.Fleet.HasZypper(call.Minion)
        && !Jobs.Json.IsTrue(call.Keyword("test"));

    private static DupRun? RunOf(FunctionCall call) =>
        OrderOf(call, out _) is { } order ? DupWorker.Find(call, order.RunId) : null;

    private static DupOrder? OrderOf(FunctionCall call, out string problem) =>
        DupOrder.Read(call.Keyword("pillar"), out problem);
}
