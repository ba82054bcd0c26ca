using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Saltern.Server.Changes;

/// <summary>
/// The payload of a notification: <c>{"action":12,"minions":[3,4]}</c>. It says only where to look; anyone who may
/// connect to the database can send one.
/// </summary>
internal sealed record ChangeNotice(long Action, IReadOnlyList<long> MinionKeys)
{
    public static bool TryRead(string payload, [NotNullWhen(true)] out ChangeNotice? notice)
    {
        notice = null;
        try
        {
            var root = JsonElement.Parse(payload);
            if (root.ValueKind is not JsonValueKind.Object
                || !root.TryGetProperty("action", out var action)
                || action.ValueKind is not JsonValueKind.Number || !action.TryGetInt64(out var id))
            {
                return false;
            }

            notice = new ChangeNotice(id, root.TryGetProperty("minions", out var minions) ? Keys(minions) : []);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // Whatever is no list of numbers names nobody, which only means that more is read.
    private static List<long> Keys(JsonElement minions) =>
        minions.ValueKind is JsonValueKind.Array
        && minions.EnumerateArray().All(key => key.ValueKind is JsonValueKind.Number && key.TryGetInt64(out _))
            ? [.. minions.EnumerateArray().Select(key => key.GetInt64())]
            : [];
}
