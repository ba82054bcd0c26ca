using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Saltern.Server.Salt;

/// <summary>
/// Parses JSON that Python wrote. Python writes half of a surrogate pair as an escape of its own (a file name in odd
/// bytes does it) and PostgreSQL's json stores it, but .NET throws only when such a string is read, far from here:
/// those escapes are replaced before parsing, as a terminal would, and so are bytes that are no UTF-8.
/// </summary>
internal static partial class SaltJson
{
    // Python gives up at about 1,000 levels, so nothing that a minion sent is deeper.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1_024 };

    /// <summary>False, with a reason, if the text is no JSON.</summary>
    public static bool TryParse(string text, out JsonElement root, out string reason) =>
        Try(() => JsonElement.Parse(WithoutHalfPairs(text), Deep), out root, out reason);

    /// <summary>False, with a reason, if the bytes are no JSON.</summary>
    public static bool TryParse(byte[] utf8, out JsonElement root, out string reason) =>
        Utf8.IsValid(utf8) && utf8.AsSpan().IndexOf(@"\ud"u8) < 0 && utf8.AsSpan().IndexOf(@"\uD"u8) < 0
            ? Try(() => JsonElement.Parse(utf8, Deep), out root, out reason)
            : TryParse(Encoding.UTF8.GetString(utf8), out root, out reason);

    /// <summary>The member of that name; of kind Undefined if there is none, or no object to begin with.</summary>
    public static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    /// <summary>The text, or null if the element is none.</summary>
    public static string? Text(JsonElement element) =>
        element.ValueKind is JsonValueKind.String ? element.GetString() : null;

    /// <summary>The whole number, or null if the element is none or too large.</summary>
    public static int? Int(JsonElement element) =>
        element.ValueKind is JsonValueKind.Number && element.TryGetInt32(out var number) ? number : null;

    private static bool Try(Func<JsonElement> parse, out JsonElement root, out string reason)
    {
        try
        {
            root = parse();
            reason = "";
            return true;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            // ArgumentException: the text is no UTF-16 to begin with.
            root = default;
            reason = error.Message;
            return false;
        }
    }

    private static string WithoutHalfPairs(string text) =>
        text.Contains(@"\ud", StringComparison.OrdinalIgnoreCase)
            ? Escapes().Replace(text, escape => IsHalfPair(escape.ValueSpan) ? @"\ufffd" : escape.Value)
            : text;

    // A whole pair is twelve characters and any other escape two; what is left are six: \u and four digits.
    private static bool IsHalfPair(ReadOnlySpan<char> escape) =>
        escape.Length == 6 && char.IsSurrogate((char)Convert.ToUInt16(escape[2..].ToString(), 16));

    [GeneratedRegex(@"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")]
    private static partial Regex Escapes();
}
