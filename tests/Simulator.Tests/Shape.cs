using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Saltern.Simulator.Tests;

/// <summary>
/// Compares what was recorded from a real master with what the simulator gives: the same keys, the same kinds, the same
/// values, except for what no two runs share (times, tokens, process ids, durations).
/// </summary>
internal sealed partial class Shape(Func<string, string> translate)
{
    private static readonly HashSet<string> Different = new(StringComparer.Ordinal)
    {
        "_stamp", "token", "start", "expire", "start_time", "duration", "pid", "alter_time", "key", "data",
        "seconds",
    };

    // The lab set master_id only for the later recordings.
    private static readonly HashSet<string> MayBeMore = new(StringComparer.Ordinal) { "master_id", "__pub_master_id" };

    private readonly List<string> differences = [];

    public static IReadOnlyList<string> Compare(JsonNode? recorded, JsonNode? actual, Func<string, string> translate)
    {
        Shape shape = new(translate);
        shape.Look("$", "", recorded, actual);
        return shape.differences;
    }

    private void Look(string path, string key, JsonNode? recorded, JsonNode? actual)
    {
        JsonValueKind wanted = KindOf(recorded);
        JsonValueKind got = KindOf(actual);
        if (wanted != got)
        {
            differences.Add($"{path}: recorded {wanted} {Cut(recorded)}, simulated {got} {Cut(actual)}");
            return;
        }

        switch (recorded)
        {
            case JsonObject pairs:
                LookInto(path, pairs, actual!.AsObject());
                break;
            case JsonArray list:
                LookInto(path, key, list, actual!.AsArray());
                break;
            case JsonValue when !Different.Contains(key) && Plain(recorded) != Plain(actual):
                differences.Add($"{path}: recorded {Cut(recorded)}, simulated {Cut(actual)}");
                break;
            default:
                break;
        }
    }

    private void LookInto(string path, JsonObject recorded, JsonObject actual)
    {
        Dictionary<string, JsonNode?> simulated = actual.ToDictionary(pair => pair.Key, pair => pair.Value);
        foreach ((string name, JsonNode? value) in recorded)
        {
            if (!simulated.Remove(translate(name), out JsonNode? counterpart))
            {
                differences.Add($"{path}.{name}: recorded {Cut(value)}, not simulated");
                continue;
            }

            // The runner jobs.active names a process for each minion.
            string kind = path.Contains(".Running[", StringComparison.Ordinal) ? "pid" : name;
            Look($"{path}.{name}", kind, value, counterpart);
        }

        differences.AddRange(simulated.Keys.Where(name => !MayBeMore.Contains(name)).Select(name =>
            $"{path}.{name}: simulated {Cut(simulated[name])}, not recorded"));
    }

    private void LookInto(string path, string key, JsonArray recorded, JsonArray actual)
    {
        if (recorded.Count != actual.Count)
        {
            differences.Add($"{path}: recorded {recorded.Count} entries, simulated {actual.Count}: {Cut(actual)}");
            return;
        }

        // Which minion answers first is chance.
        JsonNode?[] left = [.. Sorted(recorded)];
        JsonNode?[] right = [.. Sorted(actual)];
        for (int place = 0; place < left.Length; place++)
        {
            Look($"{path}[{place}]", key, left[place], right[place]);
        }
    }

    private IEnumerable<JsonNode?> Sorted(JsonArray list) => list.All(entry => entry is JsonObject)
        ? list.OrderBy(entry => NameOf(entry!.AsObject()), StringComparer.Ordinal)
        : list.All(entry => entry is JsonValue value && value.GetValueKind() == JsonValueKind.String)
            ? list.OrderBy(entry => translate((string)entry!), StringComparer.Ordinal)
            : list;

    private string NameOf(JsonObject row)
    {
        string name = string.Join('/', ((string[])["tag", "jid", "id"]).Select(key => row[key]?.ToString() ?? ""));
        return name.Length > 2 ? translate(name) : string.Join(',', row.Select(pair => pair.Key));
    }

    // true and false are one kind here; their values are compared as values.
    private static JsonValueKind KindOf(JsonNode? node) => node?.GetValueKind() switch
    {
        null => JsonValueKind.Null,
        JsonValueKind.False => JsonValueKind.True,
        JsonValueKind kind => kind,
    };

    private string Plain(JsonNode? node)
    {
        string text = translate(
            node is JsonValue value && value.TryGetValue(out string? plain) ? plain : node!.ToJsonString());
        text = text.Split("Traceback")[0];
        text = text.StartsWith("Passed invalid arguments", StringComparison.Ordinal) ? text.Split('\n')[0] : text;
        return Moments().Replace(text, "#");
    }

    private static string Cut(JsonNode? node)
    {
        string text = node?.ToJsonString() ?? "null";
        return text.Length > 160 ? text[..160] + "…" : text;
    }

    // Jids that the master made, points in time, process ids, and the folder of the lab.
    [GeneratedRegex(
        @"\b20\d{18}\b|\d{4}, \w{3} \d\d \d\d:\d\d:\d\d\.\d{6}|(?<=[pP][iI][dD] )\d+|"
        + @"\d{4}-\d\d-\d\d[T ][\d:.+]+|/[\w/]+cache[\w/]*(?=/minion_jobs)")]
    private static partial Regex Moments();
}
