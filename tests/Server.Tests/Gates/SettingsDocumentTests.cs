using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Gates;

/// <summary>
/// docs/settings.md has a row for each setting, with the default and the range that the program has. The rows' words
/// are written by hand; what a program can know of them is compared here.
/// </summary>
public sealed class SettingsDocumentTests
{
    private static readonly string[] Rows =
    [
        .. SourceTree.Read("docs/settings.md").Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Every_setting_is_in_the_document_with_its_default_and_its_range() => Findings.AssertNone(Expected()
        .Where(row => !Rows.Any(line => line.StartsWith(row, StringComparison.Ordinal)))
        .Select(row => $"docs/settings.md lacks: {row}"));

    [Fact]
    public void The_document_names_no_setting_that_does_not_exist() => Findings.AssertNone(Rows
        .Where(line => !Expected().Any(row => line.StartsWith(row, StringComparison.Ordinal)))
        .Select(line => $"docs/settings.md has a row that fits no setting: {line}"));

    private static IEnumerable<string> Expected() => typeof(SalternServer).Assembly.GetTypes()
        .Select(type => (Type: type, Section: SectionOf(type)))
        .Where(one => one.Section is not null)
        .SelectMany(one => RowsOf(one.Type, one.Section!));

    private static string? SectionOf(Type type) => type == typeof(SaltMasterOptions)
        ? $"{SaltSettings.Section}:0"
        : type.Name.EndsWith("Options", StringComparison.Ordinal)
            ? type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string
            : null;

    private static IEnumerable<string> RowsOf(Type type, string section)
    {
        var defaults = Activator.CreateInstance(type);
        foreach (var property in type.GetProperties().Where(property => property.SetMethod is not null))
        {
            var key = $"{section}:{property.Name}";
            var value = property.Name == nameof(DatabaseOptions.DataFolder) ? "see below" : property.GetValue(defaults);
            yield return $"| `{key}` | {Show(value)} | {RangeOf(property)} | `SALTERN__{Variable(key)}` |";
        }
    }

    private static string Variable(string key) => key.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant();

    private static string RangeOf(PropertyInfo property) =>
        property.GetCustomAttribute<RangeAttribute>() is { } range ? $"{range.Minimum} to {range.Maximum}" : "";

    private static string Show(object? value) => value switch
    {
        null or "" => "none",
        bool flag => flag ? "true" : "false",
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
