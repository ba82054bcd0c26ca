using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Saltern.Server.Channels.Import;

/// <summary>
/// A YAML document as JSON in which every scalar is a text: 15.10 is a version and not the number 15.1.
/// </summary>
internal static class YamlText
{
    private const int DeepestNesting = 20;

    /// <summary>Aliases of aliases make a short file endless.</summary>
    private const int MostNodes = 1_000_000;

    /// <summary>False, with the place told to the errors, for what is no YAML document.</summary>
    public static bool TryRead(string text, out JsonElement document, ImportErrors errors)
    {
        document = default;
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count != 1)
            {
                errors.Add("document", $"The file has {stream.Documents.Count} YAML documents; one is allowed.");
                return false;
            }

            document = JsonSerializer.SerializeToElement(Convert(stream.Documents[0].RootNode, 0, new Counter()));
            return true;
        }
        catch (YamlException odd)
        {
            errors.Add($"line {odd.Start.Line}, column {odd.Start.Column}", $"This is not YAML: {odd.Message}");
            return false;
        }
    }

    private static JsonNode? Convert(YamlNode node, int depth, Counter counter)
    {
        if (depth > DeepestNesting || ++counter.Nodes > MostNodes)
        {
            throw new YamlException(
                node.Start, node.End, $"it is nested deeper than {DeepestNesting} levels, or has more than {MostNodes} "
                + "nodes.");
        }

        return node switch
        {
            YamlMappingNode mapping => new JsonObject(mapping.Children.Select(pair => KeyValuePair.Create(
                Name(pair.Key), Convert(pair.Value, depth + 1, counter)))),
            YamlSequenceNode list =>
                new JsonArray([.. list.Children.Select(item => Convert(item, depth + 1, counter))]),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or null } => null,
            YamlScalarNode scalar => JsonValue.Create(scalar.Value),
            _ => null,
        };
    }

    private static string Name(YamlNode key) => key is YamlScalarNode { Value: { } name }
        ? name
        : throw new YamlException(key.Start, key.End, "the name of a field is a text.");

    private sealed class Counter
    {
        public int Nodes { get; set; }
    }
}
