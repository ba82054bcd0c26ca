using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>
/// Enough YAML for a client that asks for it: block style, texts that could be read as something else quoted.
/// </summary>
internal static class Yaml
{
    public static string Write(JsonNode? node)
    {
        StringBuilder text = new();
        WriteBlock(text, node, 0, afterKey: false);
        return text.ToString();
    }

    private static void WriteBlock(StringBuilder text, JsonNode? node, int indent, bool afterKey)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } pairs:
                text.Append(afterKey ? "\n" : "");
                WritePairs(text, pairs, indent, afterKey);
                break;
            case JsonArray { Count: > 0 } list:
                text.Append(afterKey ? "\n" : "");
                foreach (JsonNode? entry in list)
                {
                    int inner = afterKey ? Math.Max(0, indent - 2) : indent;
                    text.Append(' ', inner).Append("- ");
                    WriteBlock(text, entry, inner + 2, afterKey: false);
                }

                break;
            default:
                text.Append(afterKey ? " " : "").Append(Scalar(node)).Append('\n');
                break;
        }
    }

    private static void WritePairs(StringBuilder text, JsonObject pairs, int indent, bool indentFirst)
    {
        bool first = !indentFirst;
        foreach ((string key, JsonNode? value) in pairs)
        {
            text.Append(' ', first ? 0 : indent).Append(key).Append(':');
            WriteBlock(text, value, indent + 2, afterKey: true);
            first = false;
        }
    }

    private static string Scalar(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Quote(value.GetValue<string>()),
        _ => Json.Text(node),
    };

    private static string Quote(string text)
    {
        bool plain = text.Length > 0 && char.IsAsciiLetter(text[0])
            && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or '/');
        bool word = text.ToUpperInvariant() is "TRUE" or "FALSE" or "YES" or "NO" or "ON" or "OFF" or "NULL" or "NONE";
        return plain && !word ? text : text.All(letter => letter >= ' ')
            ? "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'"
            : Json.Quote(text);
    }
}
