using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saltern.Server.Salt;

/// <summary>
/// What the wheel's key functions take and give. They match by glob, so a name goes in escaped; they name no key that
/// they could not move, so the answer is compared with what was wanted. Pure.
/// </summary>
internal static class KeyReading
{
    public const string Accepted = "minions";
    public const string Pending = "minions_pre";
    public const string Rejected = "minions_rejected";
    public const string Denied = "minions_denied";

    private static readonly string[] States = [Accepted, Pending, Rejected, Denied];

    public static JsonObject Match(MinionId minion, params (string Name, bool Value)[] more)
    {
        var arguments = new JsonObject { ["match"] = Escaped(minion.Value) };
        foreach (var (name, value) in more)
        {
            arguments[name] = value;
        }
        return arguments;
    }

    public static SaltAnswer<MinionKeys> OfLists(JsonElement names, JsonElement fingerprints)
    {
        if (names.ValueKind is not JsonValueKind.Object || fingerprints.ValueKind is not JsonValueKind.Object)
        {
            return Unexpected(names);
        }
        var unreadable = new List<string>();
        IReadOnlyList<MinionKey> KeysIn(string state) => ReadKeys(names, fingerprints, state, unreadable);
        return new SaltAnswer<MinionKeys>.Given(new MinionKeys
        {
            Accepted = KeysIn(Accepted),
            Pending = KeysIn(Pending),
            Rejected = KeysIn(Rejected),
            Denied = KeysIn(Denied),
            Unreadable = unreadable,
        });
    }

    public static SaltAnswer<MinionKeys> Unexpected(JsonElement answer) => new SaltAnswer<MinionKeys>.Failed(
        SaltFailure.Unreadable, $"The lists of keys are not an object but {answer.ValueKind}.");

    /// <summary>Whether the minion's key is now where it was wanted, or, with nothing expected, nowhere.</summary>
    public static SaltAnswer<MinionId> OfMove(JsonElement states, MinionId minion, string? expected)
    {
        var found = States.Where(state => Names(states, state).Contains(minion.Value)).ToArray();
        if (expected is null ? found.Length == 0 : found.Contains(expected))
        {
            return new SaltAnswer<MinionId>.Given(minion);
        }
        var where = found.Length == 0 ? "the master has no such key" : $"its key is in {string.Join(", ", found)}";
        return new SaltAnswer<MinionId>.Failed(SaltFailure.Error, $"{minion}: {where}.");
    }

    private static List<MinionKey> ReadKeys(
        JsonElement names, JsonElement fingerprints, string state, List<string> unreadable)
    {
        var ofState = SaltJson.Member(fingerprints, state);
        var keys = new List<MinionKey>();
        foreach (var name in Names(names, state))
        {
            if (MinionId.TryParse(name, out var minion))
            {
                keys.Add(new MinionKey(minion, SaltJson.Text(SaltJson.Member(ofState, name))));
            }
            else
            {
                unreadable.Add(name);
            }
        }
        return keys;
    }

    private static IEnumerable<string> Names(JsonElement states, string state) =>
        SaltBody.Texts(SaltJson.Member(states, state));

    private static string Escaped(string name) => string.Concat(
        name.Select(letter => letter is '*' or '?' or '[' ? $"[{letter}]" : letter.ToString()));
}
