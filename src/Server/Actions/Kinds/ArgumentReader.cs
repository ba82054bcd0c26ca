using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Reads the arguments of an order strictly and goes on after an error, so that a person hears of everything that is
/// wrong at once. What cannot be read comes back as if it had not been given; <see cref="Errors"/> tells.
/// </summary>
internal sealed class ArgumentReader
{
    private const string Root = "arguments";
    private const int ShownLength = 60;

    private readonly Dictionary<string, JsonElement> given = [];
    private readonly List<ArgumentError> errors = [];

    public ArgumentReader(JsonElement arguments, IReadOnlyList<string> known)
    {
        if (arguments.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return;
        }
        if (arguments.ValueKind is not JsonValueKind.Object)
        {
            errors.Add(new ArgumentError(Root, $"Arguments must be a JSON object, not {Show(arguments)}."));
            return;
        }
        Inspect(arguments, Root);
        foreach (var (name, value) in Members(arguments))
        {
            Take(name, value, known);
        }
    }

    public IReadOnlyList<ArgumentError> Errors => errors;

    public bool Has(string name) => given.ContainsKey(name);

    public bool IsEmptyList(string name) =>
        given.TryGetValue(name, out var value) && value.ValueKind is JsonValueKind.Array && value.GetArrayLength() == 0;

    public void Refuse(string name, string message) => errors.Add(new ArgumentError($"{Root}.{name}", message));

    public void RefuseItem(string name, int index, string message) =>
        errors.Add(new ArgumentError($"{Root}.{name}[{index}]", message));

    /// <summary>A text of at least one character and at most so many bytes of UTF-8.</summary>
    public string? Text(string name, int maxBytes)
    {
        if (!given.TryGetValue(name, out var value))
        {
            return null;
        }
        if (value.ValueKind is not JsonValueKind.String)
        {
            Refuse(name, $"'{name}' must be a text, not {Show(value)}.");
            return null;
        }
        var text = JsonText.Of(value);
        return text is not null && IsGood(text, maxBytes, $"'{name}'", message => Refuse(name, message)) ? text : null;
    }

    public string? RequiredText(string name, int maxBytes)
    {
        Require(name, "a text");
        return Text(name, maxBytes);
    }

    public bool Flag(string name, bool otherwise)
    {
        if (!given.TryGetValue(name, out var value))
        {
            return otherwise;
        }
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }
        Refuse(name, $"'{name}' must be true or false, not {Show(value)}.");
        return otherwise;
    }

    public int WholeNumber(string name, int min, int max, int otherwise)
    {
        if (!given.TryGetValue(name, out var value))
        {
            return otherwise;
        }
        var isWhole = value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out _);
        if (isWhole && value.GetInt32() is var number && number >= min && number <= max)
        {
            return number;
        }
        Refuse(name, $"'{name}' must be a whole number from {Count(min)} to {Count(max)}, not {Show(value)}.");
        return otherwise;
    }

    /// <summary>The items of a list; empty when it was not given or is none.</summary>
    public IReadOnlyList<JsonElement> List(string name, int maxItems, string of)
    {
        if (!given.TryGetValue(name, out var value))
        {
            return [];
        }
        if (value.ValueKind is not JsonValueKind.Array)
        {
            Refuse(name, $"'{name}' must be a list of {of}, not {Show(value)}.");
            return [];
        }
        var length = value.GetArrayLength();
        if (length > maxItems)
        {
            Refuse(name, $"'{name}' has {Count(length)} items; at most {Count(maxItems)} are allowed.");
            return [];
        }
        return [.. value.EnumerateArray()];
    }

    /// <summary>A list of texts, each of at most so many bytes of UTF-8.</summary>
    public IReadOnlyList<string> Texts(string name, int maxItems, int maxBytes, string of, bool mayBeEmpty = false)
    {
        var texts = new List<string>();
        foreach (var (index, item) in List(name, maxItems, of).Index())
        {
            if (TextItem(name, index, item, maxBytes, mayBeEmpty) is { } text)
            {
                texts.Add(text);
            }
        }
        return texts;
    }

    public string? TextItem(string name, int index, JsonElement item, int maxBytes, bool mayBeEmpty = false)
    {
        if (item.ValueKind is not JsonValueKind.String)
        {
            RefuseItem(name, index, $"Item {index} of '{name}' must be a text, not {Show(item)}.");
            return null;
        }
        return JsonText.Of(item) switch
        {
            null => null,
            "" when mayBeEmpty => "",
            var text => IsGood(text, maxBytes, $"Item {index} of '{name}'", message => RefuseItem(name, index, message))
                ? text
                : null,
        };
    }

    /// <summary>A JSON object of at most so many bytes, apart from the document it was read from.</summary>
    public JsonObject? Object(string name, int maxBytes)
    {
        if (!given.TryGetValue(name, out var value))
        {
            return null;
        }
        if (value.ValueKind is not JsonValueKind.Object)
        {
            Refuse(name, $"'{name}' must be a JSON object, not {Show(value)}.");
            return null;
        }
        return Copy(name, value, maxBytes) as JsonObject;
    }

    /// <summary>A list of anything, of at most so many bytes, apart from the document it was read from.</summary>
    public JsonArray? Array(string name, int maxBytes)
    {
        if (!given.TryGetValue(name, out var value))
        {
            return null;
        }
        if (value.ValueKind is not JsonValueKind.Array)
        {
            Refuse(name, $"'{name}' must be a list, not {Show(value)}.");
            return null;
        }
        return Copy(name, value, maxBytes) as JsonArray;
    }

    public void Require(string name, string what)
    {
        if (!Has(name))
        {
            Refuse(name, $"'{name}' is required: {what}.");
        }
    }

    /// <summary>A value as a message shows it.</summary>
    public static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => ReasonText.Short(value.GetRawText(), ShownLength),
    };

    public static string Show(string value) => $"'{ReasonText.Short(value, ShownLength)}'";

    public static string Count(int number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private JsonNode? Copy(string name, JsonElement value, int maxBytes)
    {
        var raw = value.GetRawText();
        if (Encoding.UTF8.GetByteCount(raw) <= maxBytes)
        {
            return JsonNode.Parse(raw);
        }
        Refuse(name, $"'{name}' is larger than the {Count(maxBytes)} bytes of JSON that are allowed.");
        return null;
    }

    private static bool IsGood(string text, int maxBytes, string what, Action<string> refuse)
    {
        if (text.Length == 0)
        {
            refuse($"{what} must not be empty.");
            return false;
        }
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > maxBytes)
        {
            refuse($"{what} is {Count(bytes)} bytes long; at most {Count(maxBytes)} are allowed.");
            return false;
        }
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            refuse($"{what} contains a NUL character, which no command or file name on a minion can hold.");
            return false;
        }
        return true;
    }

    private void Take(string name, JsonElement value, IReadOnlyList<string> known)
    {
        if (!known.Contains(name))
        {
            var allowed = known.Count == 0 ? "this kind takes none" : "known are " + string.Join(", ", known);
            Refuse(ReasonText.Short(name, ShownLength), $"There is no argument {Show(name)}; {allowed}.");
            return;
        }
        // null is how a client says that it has nothing to say.
        if (value.ValueKind is not JsonValueKind.Null)
        {
            given[name] = value;
        }
    }

    // Two values under one name, or text that is none, would reach Salt as something else than what was checked here.
    private void Inspect(JsonElement element, string path)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                InspectObject(element, path);
                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in element.EnumerateArray().Index())
                {
                    Inspect(item, $"{path}[{index}]");
                }
                break;
            case JsonValueKind.String when JsonText.Of(element) is null:
                errors.Add(new ArgumentError(path, "The text holds half of a surrogate pair, so it is no text."));
                break;
        }
    }

    private void InspectObject(JsonElement element, string path)
    {
        var seen = new HashSet<string>();
        foreach (var property in element.EnumerateObject())
        {
            if (JsonText.NameOf(property) is not { } name)
            {
                errors.Add(new ArgumentError(path, "A name in it holds half of a surrogate pair, so it is no text."));
                continue;
            }
            if (!seen.Add(name))
            {
                errors.Add(new ArgumentError($"{path}.{name}", $"{Show(name)} is given twice."));
            }
            Inspect(property.Value, $"{path}.{name}");
        }
    }

    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement element)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (JsonText.NameOf(property) is { } name)
            {
                yield return (name, property.Value);
            }
        }
    }
}
