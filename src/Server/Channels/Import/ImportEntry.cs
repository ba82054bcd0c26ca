using System.Globalization;
using System.Text.Json;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels.Import;

/// <summary>
/// One entry of a file (an object), read field by field. What is missing or of another type is told to the errors with
/// the place, and something harmless is returned in its stead: the whole file is read before it is refused.
/// </summary>
internal sealed class ImportEntry(JsonElement element, string place, ImportErrors errors)
{
    private const int LongestText = 2_000;

    public string Place { get; } = place;

    /// <summary>The entries of a document that is a list, or of a list in it.</summary>
    public static IEnumerable<ImportEntry> Each(JsonElement list, string place, ImportErrors errors)
    {
        if (list.ValueKind is not JsonValueKind.Array)
        {
            errors.Add(place.Length == 0 ? "document" : place, $"This is {Kind(list)}; a list of entries is allowed.");
            yield break;
        }

        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            var where = $"{place}[{index++}]";
            if (item.ValueKind is JsonValueKind.Object)
            {
                yield return new ImportEntry(item, where, errors);
            }
            else
            {
                errors.Add(where, $"This is {Kind(item)}; an object with named fields is allowed.");
            }
        }
    }

    public void Refuse(string field, string message) => errors.Add($"{Place}.{field}", message);

    /// <summary>A field that must be there and hold something.</summary>
    public string Text(string field)
    {
        var text = TextOrNull(field);
        if (text is null && !IsOdd(field))
        {
            Refuse(field, "It is missing or empty; a text is needed.");
        }

        return text ?? "";
    }

    /// <summary>A text; null where it is missing, null or empty.</summary>
    public string? TextOrNull(string field)
    {
        var value = Member(field);
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind is not JsonValueKind.String || !IsStorable(value))
        {
            Refuse(field, $"This is {Kind(value)}; a text of up to {LongestText} characters that can be stored is "
                + "allowed.");
            return null;
        }

        return value.GetString()!.Trim() is { Length: > 0 } text ? text : null;
    }

    /// <summary>The label of a channel: no space in it, so that lists of labels can be written down.</summary>
    public string Label(string field) => LabelOrNull(field) ?? Text(field);

    public string? LabelOrNull(string field)
    {
        var label = TextOrNull(field);
        if (label is not null && !ChannelLabel.IsOne(label))
        {
            Refuse(field, $"'{label.ReplaceLineEndings(" ")}' is no label; {ChannelLabel.Allowed}");
        }

        return label;
    }

    /// <summary>A number that names something, as text; files write it as a number or as a text of digits.</summary>
    public string Id(string field)
    {
        var id = IdOrNull(field);
        if (id is null && !IsOdd(field))
        {
            Refuse(field, "It is missing; the number of a product is needed.");
        }

        return id ?? "";
    }

    public string? IdOrNull(string field)
    {
        var value = Member(field);
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return null;
        }

        if (IdOf(value) is { } id)
        {
            return id;
        }

        Refuse(field, $"This is {Kind(value)}; the number of a product is allowed.");
        return null;
    }

    /// <summary>A list of such numbers; empty where it is missing or null.</summary>
    public IReadOnlyList<string> Ids(string field)
    {
        var ids = new List<string>();
        foreach (var (item, index) in List(field).Select((item, index) => (item, index)))
        {
            if (IdOf(item) is { } id)
            {
                ids.Add(id);
            }
            else
            {
                Refuse($"{field}[{index}]", $"This is {Kind(item)}; the number of a product is allowed.");
            }
        }

        return ids;
    }

    /// <summary>A list of texts; empty where it is missing or null.</summary>
    public IReadOnlyList<string> Texts(string field, int longest = LongestText)
    {
        var texts = new List<string>();
        foreach (var (item, index) in List(field).Select((item, index) => (item, index)))
        {
            if (item.ValueKind is JsonValueKind.String && IsStorable(item, longest))
            {
                texts.Add(item.GetString()!);
            }
            else
            {
                Refuse($"{field}[{index}]", $"This is {Kind(item)}; a text of up to {longest} characters is allowed.");
            }
        }

        return texts;
    }

    public bool Flag(string field, bool otherwise)
    {
        var value = Member(field);
        switch (value.ValueKind)
        {
            case JsonValueKind.Undefined or JsonValueKind.Null:
                return otherwise;
            case JsonValueKind.True or JsonValueKind.False:
                return value.GetBoolean();
            case JsonValueKind.String when value.ValueEquals("true") || value.ValueEquals("false"):
                return value.ValueEquals("true");
            default:
                Refuse(field, $"This is {Kind(value)}; true or false is allowed.");
                return otherwise;
        }
    }

    /// <summary>One of a few words.</summary>
    public string Word(string field, string otherwise, params ReadOnlySpan<string> allowed)
    {
        var word = TextOrNull(field) ?? otherwise;
        if (allowed.Contains(word))
        {
            return word;
        }

        Refuse(field, $"'{word}' is not one of {string.Join(", ", allowed)}.");
        return otherwise;
    }

    /// <summary>An absolute address.</summary>
    public string Url(string field)
    {
        var text = Text(field);
        if (text.Length > 0 && !Uri.TryCreate(text, UriKind.Absolute, out _))
        {
            Refuse(field, $"'{text}' is no address; one such as https://host/path/ is allowed.");
        }

        return text;
    }

    public IEnumerable<ImportEntry> Entries(string field) =>
        Member(field) is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } list
            ? Each(list, $"{Place}.{field}", errors)
            : [];

    /// <summary>
    /// Refuses what is not known: a misspelt field that is ignored means something else than was written.
    /// </summary>
    public void AllowOnly(params ReadOnlySpan<string> fields)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!fields.Contains(property.Name))
            {
                Refuse(property.Name, $"There is no such field; known are {string.Join(", ", fields)}.");
            }
        }
    }

    private JsonElement Member(string field) => element.TryGetProperty(field, out var value) ? value : default;

    private bool IsOdd(string field) =>
        Member(field) is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.String) };

    private IEnumerable<JsonElement> List(string field)
    {
        var value = Member(field);
        if (value.ValueKind is JsonValueKind.Array)
        {
            return value.EnumerateArray();
        }

        if (value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            Refuse(field, $"This is {Kind(value)}; a list is allowed.");
        }

        return [];
    }

    private static string? IdOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
        JsonValueKind.String when IsStorable(value)
            && long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id)
            => id.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>Half of a surrogate pair parses as JSON and throws only when it is read.</summary>
    private static bool IsStorable(JsonElement value, int longest = LongestText)
    {
        try
        {
            return value.GetString() is { } text && text.Length <= longest && StorableText.FirstOdd(text) is null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Null => "null",
        _ => "nothing",
    };
}
