using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;

namespace Saltern.Server.Salt;

/// <summary>
/// What an error answer says, in one line for a person. salt-api sends an HTML page (a heading and a paragraph) for
/// every status but 500, where it sends JSON; a proxy before it sends pages of its own.
/// </summary>
internal static partial class SaltErrorText
{
    private const int MaxLength = 300;

    /// <summary>
    /// Whether a 401 is the master's refusal of this very call to a user it knows: salt-api gives 401 for a login that
    /// is gone as well, in other words.
    /// </summary>
    public static bool IsAboutRights(byte[] body) =>
        Encoding.UTF8.GetString(body).Contains("Authorization error occurred", StringComparison.Ordinal);

    public static string Of(int status, byte[] body)
    {
        var text = Encoding.UTF8.GetString(body);
        var name = $"{status} {ReasonPhrases.GetReasonPhrase(status)}".TrimEnd();
        var said = FromJson(body) ?? FromPage(text) ?? Plain(text);
        return said.Length == 0 || said == name ? $"salt-api answered {name}" : $"salt-api answered {name}: {said}";
    }

    private static string? FromJson(byte[] body) =>
        SaltJson.TryParse(body, out var root, out _) && SaltJson.Text(SaltJson.Member(root, "return")) is { } said
            ? Line(said)
            : null;

    private static string? FromPage(string text)
    {
        var paragraph = Paragraph().Match(text);
        var heading = Heading().Match(text);
        var found = paragraph.Success && Plain(paragraph.Groups[1].Value).Length > 0 ? paragraph : heading;
        return found.Success ? Plain(found.Groups[1].Value) : null;
    }

    private static string Plain(string html) => Line(WebUtility.HtmlDecode(Tag().Replace(html, " ")));

    private static string Line(string text)
    {
        var line = Space().Replace(text, " ").Trim();
        return line.Length <= MaxLength ? line : line[..MaxLength] + "…";
    }

    [GeneratedRegex("<p[^>]*>(.*?)</p>", RegexOptions.Singleline | RegexOptions.IgnoreCase, 1_000)]
    private static partial Regex Paragraph();

    [GeneratedRegex("<(?:h1|h2|title)[^>]*>(.*?)</", RegexOptions.Singleline | RegexOptions.IgnoreCase, 1_000)]
    private static partial Regex Heading();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"[\s\p{Cc}]+")]
    private static partial Regex Space();
}
