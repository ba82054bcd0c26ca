using System.Text.Encodings.Web;
using System.Text.Json;

namespace Saltern.Server.Web;

/// <summary>JSON as people read it. Pages encode it like any other text, so nothing here is escaped for HTML.</summary>
internal static class JsonView
{
    /// <summary>Returns nest deeper than the default allows; beyond this they are shown as they are.</summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    private const int MostIndented = 32;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        MaxDepth = 512,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The element, or null where the text is no JSON (one that was cut, say).</summary>
    public static JsonElement? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Deep);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// Deeper ones as they were sent: each line would be indented by its depth, and a few MB become GBs.
    /// </summary>
    public static string Pretty(JsonElement element) => IsDeeperThan(MostIndented, element)
        ? element.GetRawText()
        : JsonSerializer.Serialize(element, Indented);

    /// <summary>A text as itself, a list of texts as a line, anything else as JSON.</summary>
    public static string Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => TextOf(element),
        JsonValueKind.Array when element.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String) =>
            string.Join(", ", element.EnumerateArray().Select(TextOf)),
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        _ => Pretty(element),
    };

    private static bool IsDeeperThan(int depth, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object or JsonValueKind.Array when depth == 0 => true,
        JsonValueKind.Object => element.EnumerateObject().Any(member => IsDeeperThan(depth - 1, member.Value)),
        JsonValueKind.Array => element.EnumerateArray().Any(item => IsDeeperThan(depth - 1, item)),
        _ => false,
    };

    /// <summary>A minion may send half of a surrogate pair, which is JSON and no text.</summary>
    public static string TextOf(JsonElement text)
    {
        try
        {
            return text.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText();
        }
    }
}
