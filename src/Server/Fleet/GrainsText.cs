using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Saltern.Server.Fleet;

/// <summary>
/// Grains as jsonb takes them. A minion may send what json allows and jsonb does not: \u0000, half of a surrogate pair,
/// numbers out of all measure. It may also send monsters; those grains are left out by name, the rest is kept. Pure.
/// </summary>
internal static class GrainsText
{
    public const int MostBytes = 256 * 1024;
    public const int LongestString = 16 * 1024;

    /// <summary>As deep as a return may be (SaltJson); deeper ones are not read at all.</summary>
    public const int DeepestNesting = 1_024;

    /// <summary>
    /// Null when the element is no object. <c>Cut</c> names the grains that were left out for their size.
    /// </summary>
    public static (string Json, IReadOnlyList<string> Cut)? From(JsonElement grains)
    {
        if (grains.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        using var document = JsonDocument.Parse(
            Storable(grains.GetRawText()), new JsonDocumentOptions { MaxDepth = DeepestNesting });
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var grain in document.RootElement.EnumerateObject())
        {
            values[grain.Name] = Write(grain.Value);
        }

        var cut = new List<string>();
        var size = values.Sum(SizeOf);
        foreach (var grain in values.OrderByDescending(SizeOf).TakeWhile(_ => size > MostBytes))
        {
            size -= SizeOf(grain);
            cut.Add(grain.Key);
        }

        var kept = values.Where(grain => !cut.Contains(grain.Key))
            .Select(grain => $"{JsonSerializer.Serialize(grain.Key)}:{grain.Value}");
        return ($"{{{string.Join(',', kept)}}}", cut);
    }

    private static int SizeOf(KeyValuePair<string, string> grain) => grain.Key.Length + grain.Value.Length;

    /// <summary>
    /// Takes out \u0000 and puts U+FFFD in the place of lone surrogates, on the text, since no reader takes them.
    /// </summary>
    internal static string Storable(string json)
    {
        if (!json.Contains('\\', StringComparison.Ordinal))
        {
            return json;
        }

        var text = new StringBuilder(json.Length);
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] != '\\')
            {
                text.Append(json[i]);
            }
            else if (json[i + 1] != 'u')
            {
                text.Append(json, i, 2);
                i += 1;
            }
            else
            {
                i += AppendEscape(text, json, i);
            }
        }

        return text.ToString();
    }

    /// <summary>Returns how many characters after the backslash were used.</summary>
    private static int AppendEscape(StringBuilder text, string json, int at)
    {
        var unit = CodeUnit(json, at);
        if (char.IsHighSurrogate(unit) && at + 11 < json.Length && json[at + 6] == '\\' && json[at + 7] == 'u'
            && char.IsLowSurrogate(CodeUnit(json, at + 6)))
        {
            text.Append(json, at, 12);
            return 11;
        }

        if (unit != '\0')
        {
            text.Append(char.IsSurrogate(unit) ? "\\ufffd" : json.Substring(at, 6));
        }

        return 5;
    }

    private static char CodeUnit(string json, int at) =>
        (char)ushort.Parse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Write(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, value);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in value.EnumerateObject())
                {
                    writer.WritePropertyName(property.Name);
                    Write(writer, property.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Shortened(value.GetString()!));
                break;
            case JsonValueKind.Number:
                WriteNumber(writer, value);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static string Shortened(string text) => text.Length <= LongestString
        ? text
        : text[..(char.IsHighSurrogate(text[LongestString - 1]) ? LongestString - 1 : LongestString)];

    /// <summary>jsonb refuses 1e999999; what is no ordinary number is kept as text.</summary>
    private static void WriteNumber(Utf8JsonWriter writer, JsonElement value)
    {
        var raw = value.GetRawText();
        if (raw.Length <= 40 && (raw.AsSpan().IndexOfAny('e', 'E') < 0 || IsOrdinary(value)))
        {
            value.WriteTo(writer);
        }
        else
        {
            writer.WriteStringValue(Shortened(raw));
        }
    }

    private static bool IsOrdinary(JsonElement value) =>
        value.TryGetDouble(out var number) && double.IsFinite(number) && number != 0;
}
