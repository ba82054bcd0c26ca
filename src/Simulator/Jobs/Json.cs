using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// JSON as text: the pieces of a return are put together from text that was made once for the whole job.
/// </summary>
internal static class Json
{
    private const int Deepest = 900;

    // Non-ASCII stays readable; only what JSON itself demands is escaped.
    public static JsonSerializerOptions Relaxed { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = Deepest,
    };

    /// <summary>Returns may be nested deeper than .NET reads by default, as Python reads them.</summary>
    public static JsonNode? Parse(string text) =>
        JsonNode.Parse(text, null, new JsonDocumentOptions { MaxDepth = Deepest });

    public static string Text(JsonNode? node) => node?.ToJsonString(Relaxed) ?? "null";

    public static string Quote(string text) =>
        "\"" + JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";

    public static string TextOf(JsonNode? node) => node switch
    {
        null => "",
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => Text(node),
    };

    public static bool IsTrue(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        JsonValue value when value.TryGetValue(out string? text) => text is "true" or "True" or "TRUE",
        JsonValue value => NumberOf(value, 0) != 0,
        _ => false,
    };

    public static double NumberOf(JsonNode? node, double otherwise) => node switch
    {
        JsonValue value when double.TryParse(TextOf(value), CultureInfo.InvariantCulture, out double number) => number,
        _ => otherwise,
    };

    public static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
