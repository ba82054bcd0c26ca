using System.Text.Json;

namespace Saltern.Server.Salt;

/// <summary>
/// Reads what salt-api puts around every answer: an object whose `return` is a list, one entry a chunk.
/// </summary>
internal static class SaltBody
{
    /// <summary>The one entry of `return`, as we send one chunk a request.</summary>
    public static SaltAnswer<JsonElement> SingleReturn(byte[] body)
    {
        if (!SaltJson.TryParse(body, out var root, out var problem))
        {
            return Unreadable($"The answer is not JSON: {problem}");
        }
        var list = SaltJson.Member(root, "return");
        return list.ValueKind is JsonValueKind.Array && list.GetArrayLength() == 1
            ? new SaltAnswer<JsonElement>.Given(list[0])
            : Unreadable("The answer's `return` is not a list of one.");
    }

    public static IEnumerable<string> Texts(JsonElement list) => list.ValueKind is JsonValueKind.Array
        ? list.EnumerateArray().Select(SaltJson.Text).OfType<string>()
        : [];

    private static SaltAnswer<JsonElement>.Failed Unreadable(string reason) => new(SaltFailure.Unreadable, reason);
}
