using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Saltern.Server.Settings;

namespace Saltern.Server.Salt;

/// <summary>
/// Reads the list `Masters` of the settings and refuses what only the text itself can show: keys that do not exist,
/// numbers that are none, and a password that stands in a file of settings, from where it gets into backups.
/// </summary>
internal static class SaltSettings
{
    public const string Section = "Masters";

    private static readonly PropertyInfo[] Known =
        [.. typeof(SaltMasterOptions).GetProperties().Where(property => property.SetMethod is not null)];

    public static IReadOnlyList<SaltMasterOptions> Read(IConfiguration configuration)
    {
        var entries = configuration.GetSection(Section).GetChildren().ToList();
        var problems = entries.SelectMany(entry => ProblemsOf(entry, configuration)).ToList();
        if (problems.Count > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(SaltOptions), problems);
        }
        return [.. entries.Select(entry => entry.Get<SaltMasterOptions>() ?? new SaltMasterOptions())];
    }

    public static string Range(PropertyInfo property) =>
        property.GetCustomAttribute<RangeAttribute>() is { } range ? $"{range.Minimum} to {range.Maximum}" : "";

    private static IEnumerable<string> ProblemsOf(IConfigurationSection entry, IConfiguration configuration)
    {
        foreach (var setting in entry.GetChildren())
        {
            var property = Array.Find(
                Known, known => string.Equals(known.Name, setting.Key, StringComparison.OrdinalIgnoreCase));
            if (ProblemOf(setting, property, configuration) is { } problem)
            {
                yield return problem;
            }
        }
    }

    private static string? ProblemOf(
        IConfigurationSection setting, PropertyInfo? property, IConfiguration configuration)
    {
        var value = setting.Value ?? "";
        if (property is null)
        {
            return $"{setting.Path} is '{value}', but there is no such setting; there are "
                + string.Join(", ", Known.Select(known => known.Name)) + ".";
        }
        if (property.PropertyType == typeof(int)
            && !int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return $"{setting.Path} is '{value}'; it must be a whole number from {Range(property)}.";
        }
        if (property.PropertyType == typeof(bool) && !bool.TryParse(value, out _))
        {
            return $"{setting.Path} is '{value}'; it must be true or false.";
        }
        return property.Name is nameof(SaltMasterOptions.Password) 
            && !Secret.IsFromEnvironment(setting.Path, configuration)
            ? $"{setting.Path} is set outside the environment; use PasswordFile, PasswordEnvironment or the "
                + "environment variable for this key."
            : null;
    }
}
