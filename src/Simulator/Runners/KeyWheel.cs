using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Runners;

/// <summary>Salt's wheel <c>key</c>. A minion whose key is accepted connects and sends its start event.</summary>
internal sealed class KeyWheel(KeyRing keys, Fleet fleet, StartEvents starts)
{
    public IEnumerable<(string Name, MasterFunction Function)> Functions =>
    [
        ("wheel:key.list_all", new([], _ => keys.All())),
        ("wheel:key.list", new(["match"], call => keys.Listed(call.Text("match")))),
        ("wheel:key.name_match", new(["match"], call => keys.Matching(call.Text("match")))),
        ("wheel:key.finger", new(["match", "hash_type"], call => keys.Fingerprints(call.Text("match")))),
        ("wheel:key.accept", new(["match", "include_rejected", "include_denied"], Accept)),
        ("wheel:key.reject", new(["match", "include_accepted", "include_denied"], Reject)),
        ("wheel:key.delete", new(["match"], Delete)),
    ];

    private JsonObject Accept(MasterCall call)
    {
        string match = call.Text("match");
        List<int> moved = keys.Move(match, KeyStatus.Accepted, From(call, KeyStatus.Pending, "include_rejected"));
        foreach (int minion in moved.Where(minion => fleet[minion].Up))
        {
            starts.Send(minion);
        }

        return keys.Matching(match);
    }

    private JsonObject Reject(MasterCall call)
    {
        keys.Move(call.Text("match"), KeyStatus.Rejected, From(call, KeyStatus.Pending, "include_accepted"));
        return keys.Matching(call.Text("match"));
    }

    // Salt answers with what still matches: nothing.
    private JsonObject Delete(MasterCall call)
    {
        keys.Move(
            call.Text("match"),
            KeyStatus.None,
            KeyStatus.Accepted, KeyStatus.Pending, KeyStatus.Rejected, KeyStatus.Denied);
        return keys.Matching(call.Text("match"));
    }

    private static KeyStatus[] From(MasterCall call, KeyStatus always, string also)
    {
        List<KeyStatus> from = [always];
        if (Json.IsTrue(call[also]))
        {
            from.Add(also == "include_rejected" ? KeyStatus.Rejected : KeyStatus.Accepted);
        }

        if (Json.IsTrue(call["include_denied"]))
        {
            from.Add(KeyStatus.Denied);
        }

        return [.. from];
    }
}
