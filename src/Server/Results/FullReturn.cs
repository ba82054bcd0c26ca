using System.Text;
using System.Text.Json;

namespace Saltern.Server.Results;

/// <summary>
/// Writes a return that did not come through the returner in the form in which one stores it (full_ret). What a minion
/// gave is copied as the text it is: it may be nested as deep and named as oddly as it likes.
/// </summary>
internal static class FullReturn
{
    // Not fun_args: the pillar of a call may hold secrets.
    private static readonly string[] Copied = ["metadata", "user", "out"];

    /// <param name="minion">The minion's id.</param>
    /// <param name="jid">The job.</param>
    /// <param name="function">What it ran.</param>
    /// <param name="code">Its return code.</param>
    /// <param name="returned">The result, JSON.</param>
    /// <param name="kept">Where more is known of it: an object, or anything else.</param>
    public static string Of(
        string minion, string jid, string function, int code, string returned, JsonElement kept)
    {
        var full = new StringBuilder("{\"cmd\":\"_return\",\"id\":").Append(Quoted(minion))
            .Append(",\"jid\":").Append(Quoted(jid))
            .Append(",\"fun\":").Append(Quoted(function))
            .Append(",\"success\":").Append(code == 0 ? "true" : "false")
            .Append(",\"retcode\":").Append(code)
            .Append(",\"return\":").Append(returned);
        foreach (var name in Copied)
        {
            if (kept.ValueKind == JsonValueKind.Object && kept.TryGetProperty(name, out var value))
            {
                full.Append(",\"").Append(name).Append("\":").Append(value.GetRawText());
            }
        }

        return full.Append('}').ToString();
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text);
}
