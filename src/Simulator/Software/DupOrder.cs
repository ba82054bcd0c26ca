using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Software;

/// <summary>The pillar <c>saltern</c> of a call, checked as the real states check it.</summary>
internal sealed class DupOrder
{
    private static readonly string[] Parameters =
    [
        "dry_run", "private", "from", "allow_vendor_change", "auto_agree_with_licenses", "replace_files",
        "no_recommends", "remove_limit", "forbid_removal", "snapshots", "patch_stack_first", "lock_wait",
    ];

    private static readonly string[] Known =
        [.. Parameters, "run_id", "channels", "foreign", "root", "zypp_conf", "runs_folder"];

    private readonly JsonObject given;

    private DupOrder(JsonObject given)
    {
        this.given = given;
        Channels = ReadChannels(given["channels"]);
        // Another order under the same run_id is refused; channels and what becomes of others are no part of the run.
        Text = string.Join(' ', Parameters.Select(name => $"{name}={Json.Text(given[name])}"));
    }

    public string RunId => Json.TextOf(given["run_id"]);

    public bool IsComplete => RunId.Length > 0 && given.ContainsKey("dry_run");

    public bool DryRun => Json.IsTrue(given["dry_run"]);

    public bool IsPrivate => DryRun && RunId.Length > 0 && (given["private"] is null || Json.IsTrue(given["private"]));

    public bool DisablesForeign => Json.TextOf(given["foreign"]) == "disable";

    public bool ForbidsVendorChange => given["allow_vendor_change"] is { } allowed && !Json.IsTrue(allowed);

    public bool Snapshots => Json.IsTrue(given["snapshots"]);

    public int? RemoveLimit => given["remove_limit"] is { } limit ? (int)Json.NumberOf(limit, 0) : null;

    public IReadOnlyList<string> ForbidRemoval => given["forbid_removal"] switch
    {
        JsonArray names => [.. names.Select(Json.TextOf)],
        null => [],
        JsonNode name => [Json.TextOf(name)],
    };

    public IReadOnlyList<SimulatedRepository>? Channels { get; }

    public string Text { get; }

    /// <summary>Null with a sentence where the pillar is no good.</summary>
    public static DupOrder? Read(JsonNode? pillar, out string problem)
    {
        problem = "";
        if ((pillar as JsonObject)?["saltern"] is not JsonObject given)
        {
            problem = "there is no pillar saltern";
            return null;
        }

        string[] unknown = [.. given.Select(pair => pair.Key).Except(Known).Order(StringComparer.Ordinal)];
        if (unknown.Length > 0)
        {
            problem = $"pillar saltern has what is not known: {string.Join(", ", unknown)}";
            return null;
        }

        DupOrder order = new(given);
        problem = order.Channels is null ? "pillar saltern has no channels, or one without a label or url" : "";
        return problem.Length == 0 ? order : null;
    }

    private static SimulatedRepository[]? ReadChannels(JsonNode? channels)
    {
        if (channels is not JsonArray list || list.Any(one => one?["label"] is null || one["url"] is null))
        {
            return null;
        }

        return [.. list.Select(one => new SimulatedRepository(
            SimulatedRepository.OursBeginWith + Json.TextOf(one!["label"]),
            Json.TextOf(one["url"]),
            one["enabled"] is null || Json.IsTrue(one["enabled"])))];
    }
}
