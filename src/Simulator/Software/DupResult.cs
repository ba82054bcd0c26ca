using System.Globalization;
using System.Text.Json.Nodes;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Software;

/// <summary>The texts and shapes in which the real module tells of a run.</summary>
internal static class DupResult
{
    private static readonly (string Kind, string Words)[] Sums =
    [
        ("install", "to install"), ("upgrade", "to upgrade"), ("remove", "to remove"),
        ("change_vendor", "to change vendor"),
    ];

    /// <summary>A result without plan, outcome failed: what every result begins as.</summary>
    public static JsonObject Empty(DupRun run) => new()
    {
        ["run_id"] = run.Order.RunId,
        ["dry_run"] = run.Order.DryRun,
        ["outcome"] = "failed",
        ["success"] = false,
        ["reason"] = null,
        ["comment"] = "",
        ["exit_code"] = null,
        ["exit_meaning"] = null,
        ["changed"] = false,
        ["changes"] = new JsonObject(),
        ["recorded"] = false,
        ["plan"] = new JsonObject(),
        ["counts"] = new JsonObject(),
        ["problems"] = new JsonArray(),
        ["errors"] = new JsonArray(),
        ["warnings"] = new JsonArray(),
        ["download_bytes"] = null,
        ["disk_bytes"] = null,
        ["reboot_needed"] = false,
        ["checks"] = new JsonObject
        {
            ["unsigned_repositories"] = new JsonArray(),
            ["locked_by"] = null,
            ["read_only_root"] = run.IsTransactional,
            ["transactional"] = run.IsTransactional,
            ["update_stack_patches_pending"] = false,
            ["free_bytes"] = new JsonObject { ["cache"] = 20_000_000_000, ["root"] = 20_000_000_000 },
        },
        ["test_case"] = new JsonObject
        {
            ["path"] = $"/var/lib/saltern/runs/{run.Order.RunId}/solverTestCase",
            ["latest"] = "/var/log/zypper.solverTestCase",
        },
        ["snapshots"] = new JsonObject(),
        ["began"] = Seconds(run.StartedAt),
        ["ended"] = Seconds(run.EndsAt),
        ["log_tail"] = "# zypper --non-interactive --xmlout dup\n",
    };

    /// <summary>What is told of a run that has no result.</summary>
    public static JsonObject Without(string runId, string outcome, string comment) => new()
    {
        ["run_id"] = runId,
        ["outcome"] = outcome,
        ["success"] = false,
        ["changed"] = null,
        ["reason"] = null,
        ["comment"] = comment,
    };

    public static void PutPlan(JsonObject result, JsonObject plan)
    {
        JsonObject counts = [];
        foreach ((string kind, JsonNode? part) in plan)
        {
            counts[kind] = part!.AsArray().Count;
        }

        result["plan"] = plan;
        result["counts"] = counts;
        result["download_bytes"] = 22_054;
        result["disk_bytes"] = 0;
    }

    public static string InWords(JsonObject result) => string.Join(", ", Sums
        .Where(one => (int?)result["counts"]![one.Kind] > 0)
        .Select(one => string.Create(
            CultureInfo.InvariantCulture, $"{(int)result["counts"]![one.Kind]!} {one.Words}")));

    public static void Finish(JsonObject result, string outcome, string comment, int? exitCode, string exitMeaning)
    {
        result["outcome"] = outcome;
        result["success"] = outcome is "succeeded" or "nothing_to_do";
        result["comment"] = comment;
        result["exit_code"] = exitCode;
        result["exit_meaning"] = exitMeaning;
    }

    /// <summary>The packages of then against those of now.</summary>
    public static JsonObject Changes(
        Distribution os, Dictionary<string, string>? before, Dictionary<string, string>? now)
    {
        JsonObject changes = [];
        IEnumerable<string> names = (before?.Keys ?? Enumerable.Empty<string>())
            .Concat(now?.Keys ?? Enumerable.Empty<string>());
        foreach (string name in names.Distinct().Order(StringComparer.Ordinal))
        {
            string standard = os.Installed.GetValueOrDefault(name) ?? "";
            string old = before?.GetValueOrDefault(name) ?? standard;
            string current = now?.GetValueOrDefault(name) ?? standard;
            if (old != current)
            {
                changes[name] = new JsonObject { ["old"] = old, ["new"] = current };
            }
        }

        return changes;
    }

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
