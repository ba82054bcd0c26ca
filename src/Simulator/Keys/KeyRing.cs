using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Keys;

/// <summary>The keys of the master, by status, as Salt's key functions list and move them.</summary>
internal sealed class KeyRing(Fleet fleet)
{
    private static readonly (KeyStatus Status, string Folder)[] Folders =
    [
        (KeyStatus.Accepted, "minions"),
        (KeyStatus.Pending, "minions_pre"),
        (KeyStatus.Rejected, "minions_rejected"),
        (KeyStatus.Denied, "minions_denied"),
    ];

    private static readonly string[] Local = ["master.pem", "master.pub"];

    public JsonObject All()
    {
        JsonObject keys = [];
        foreach ((KeyStatus status, string folder) in Folders)
        {
            keys[folder] = Json.Array(Names(status));
        }

        keys["local"] = Json.Array(Local);
        return keys;
    }

    /// <summary>Salt's key.list: acc, pre or un, rej, den, all; by the first letters.</summary>
    public JsonObject Listed(string match)
    {
        if (match.StartsWith("all", StringComparison.Ordinal))
        {
            return All();
        }

        string folder = match.Length < 2 ? "" : match[..2] switch
        {
            "ac" => "minions",
            "pr" or "un" => "minions_pre",
            "re" => "minions_rejected",
            "de" => "minions_denied",
            _ => "",
        };
        (KeyStatus status, string found) = Folders.FirstOrDefault(pair => pair.Folder == folder);
        return found is null ? [] : new JsonObject { [found] = Json.Array(Names(status)) };
    }

    /// <summary>Keys whose name matches a glob or one of several with commas, by folder.</summary>
    public JsonObject Matching(string match, Func<string, JsonNode>? fingerprint = null)
    {
        JsonObject keys = [];
        foreach ((KeyStatus status, string folder) in Folders)
        {
            Put(keys, folder, Names(status, match), fingerprint);
        }

        if (fingerprint is not null)
        {
            Put(keys, "local", [.. Local.Where(name => Matches(match, name))], fingerprint);
        }

        return keys;
    }

    public JsonObject Fingerprints(string match) => Matching(match, name => fleet.FingerprintOf(name));

    /// <summary>Moves the matching keys that lie in one of the folders; returns the minions it moved.</summary>
    public List<int> Move(string match, KeyStatus to, params KeyStatus[] from)
    {
        lock (fleet.Gate)
        {
            List<int> moved = fleet.Where(minion =>
                from.Contains(fleet[minion].Key) && Matches(match, fleet.IdOf(minion)));
            foreach (int minion in moved)
            {
                fleet[minion].Key = to;
            }

            return moved;
        }
    }

    private List<string> Names(KeyStatus status, string match = "*") =>
    [
        .. fleet.Where(minion => fleet[minion].Key == status && Matches(match, fleet.IdOf(minion)))
            .Select(fleet.IdOf).Order(StringComparer.OrdinalIgnoreCase),
    ];

    private static bool Matches(string match, string name) =>
        match == "*" || match.Split(',').Any(pattern => Targets.Matches(pattern, name));

    private static void Put(JsonObject keys, string folder, List<string> names, Func<string, JsonNode>? fingerprint)
    {
        if (names.Count == 0)
        {
            return;
        }

        keys[folder] = fingerprint is null
            ? Json.Array(names)
            : new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)fingerprint(name))));
    }
}
