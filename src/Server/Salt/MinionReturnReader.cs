using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Saltern.Server.Salt;

/// <summary>
/// Reads the text of a return. Python writes half of a surrogate pair as an escape of its own (a file name in odd
/// bytes does it) and PostgreSQL's json stores it, but .NET throws when such a string is read: those escapes are
/// replaced before parsing, as a terminal would.
/// </summary>
internal static partial class MinionReturnReader
{
    // Python gives up at about 1,000 levels, so nothing that a minion sent is deeper.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1_024 };

    public static bool TryRead(
        string fullReturn, [NotNullWhen(true)] out MinionReturn? parsed, [NotNullWhen(false)] out string? reason)
    {
        parsed = null;
        if (!TryParseJson(fullReturn, out var root, out reason))
        {
            return false;
        }
        if (root.ValueKind is not JsonValueKind.Object)
        {
            reason = $"The return is JSON of kind {root.ValueKind} and not an object.";
            return false;
        }
        parsed = Read(fullReturn, root);
        reason = null;
        return true;
    }

    private static MinionReturn Read(string raw, JsonElement root)
    {
        var retCode = Int(Member(root, "retcode"));
        var success = Member(root, "success");
        return new MinionReturn
        {
            Raw = raw,
            Minion = Text(Member(root, "id")),
            Jid = Text(Member(root, "jid")),
            Function = Text(Member(root, "fun")),
            Stamp = Text(Member(root, "_stamp")),
            RetCode = retCode,
            Success = success.ValueKind is JsonValueKind.Undefined
                ? retCode is 0
                : success.ValueKind is JsonValueKind.True,
            Outputter = Text(Member(root, "out")),
            Return = Member(root, "return"),
            FunctionArgs = Member(root, "fun_args"),
            Metadata = Member(root, "metadata"),
        };
    }

    private static bool TryParseJson(string text, out JsonElement root, [NotNullWhen(false)] out string? reason)
    {
        root = default;
        try
        {
            root = JsonElement.Parse(WithoutHalfPairs(text), Deep);
            reason = null;
            return true;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            // ArgumentException: the text is no UTF-16 to begin with.
            reason = $"The return is not JSON: {error.Message}";
            return false;
        }
    }

    private static JsonElement Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement element) =>
        element.ValueKind is JsonValueKind.String ? element.GetString() : null;

    private static int? Int(JsonElement element) =>
        element.ValueKind is JsonValueKind.Number && element.TryGetInt32(out var number) ? number : null;

    private static string WithoutHalfPairs(string text) =>
        text.Contains(@"\ud", StringComparison.OrdinalIgnoreCase)
            ? Escapes().Replace(text, escape => IsHalfPair(escape.ValueSpan) ? @"\ufffd" : escape.Value)
            : text;

    // A whole pair is twelve characters, any other escape two; what is left are six: \u and four digits.
    private static bool IsHalfPair(ReadOnlySpan<char> escape) =>
        escape.Length == 6
        && char.IsSurrogate((char)ushort.Parse(escape[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")]
    private static partial Regex Escapes();
}
