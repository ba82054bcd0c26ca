using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// A trap of Salt's: a minion takes a text argument of the form <c>name=value</c> without a line break for a keyword
/// argument, also in <c>cmd.run "A=1 make"</c>.
/// </summary>
internal static partial class KeywordText
{
    public static bool TryRead(string text, [NotNullWhen(true)] out string? name, out JsonNode? value)
    {
        Match match = Shape().Match(text);
        name = match.Success ? match.Groups[1].Value : null;
        value = match.Success ? Yamlify(match.Groups[2].Value) : null;
        return match.Success;
    }

    /// <summary>Plain scalars as YAML reads them; anything else stays text.</summary>
    public static JsonNode? Yamlify(string text) => text switch
    {
        "None" or "null" or "~" => null,
        "True" or "true" or "yes" or "on" or "Yes" or "On" => true,
        "False" or "false" or "no" or "off" or "No" or "Off" => false,
        _ when Whole().IsMatch(text) => long.Parse(text, CultureInfo.InvariantCulture),
        _ when Number().IsMatch(text) => double.Parse(text, CultureInfo.InvariantCulture),
        _ => text,
    };

    [GeneratedRegex(@"^([^\d\W][\w.-]*)=(?!=)(.*)$")]
    private static partial Regex Shape();

    [GeneratedRegex(@"^-?\d{1,18}$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^-?\d+\.\d+$")]
    private static partial Regex Number();
}
