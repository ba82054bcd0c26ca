using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Saltern.Server.Settings;

/// <summary>
/// Finds settings that no option reads, and values that their option cannot hold. Binding passes over an unknown key in
/// silence, and a mistyped limit that is never applied shows only when it is needed.
/// </summary>
internal static class UnknownSettings
{
    /// <summary>Read by the framework itself, by rules of its own.</summary>
    private static readonly string[] FrameworkSections = ["Logging", "Kestrel", "AllowedHosts"];

    public static IReadOnlyList<string> Find(
        IConfigurationRoot settings, IEnumerable<SettingsSection> sections)
    {
        var known = sections.ToList();
        return
        [
            .. settings.AsEnumerable()
                .Where(setting => setting.Value is not null && !IsFrameworks(setting.Key))
                .OrderBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase)
                .Select(setting => Problem(settings, known, setting.Key, setting.Value!))
                .OfType<string>(),
        ];
    }

    private static bool IsFrameworks(string key) =>
        FrameworkSections.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase);

    private static string? Problem(
        IConfigurationRoot settings, List<SettingsSection> known, string key, string value)
    {
        var shown = $"{key} is {SettingValue.Show(key, value)} (in {PlaceOf(settings, key)})";
        var types = known.Where(section => Covers(section, key)).Select(section => Follow(section, key)).ToList();
        var type = types.OfType<Type>().FirstOrDefault();
        if (type is null)
        {
            var covering = known.Where(section => section.Key.Length > 0 && Covers(section, key)).ToList();
            var near = covering.Count > 0
                ? covering.SelectMany(section => NamesAt(section, key))
                : known.SelectMany(TopNames).Concat(FrameworkSections);
            return $"{shown}, but there is no such setting. Known are: {string.Join(", ", near.Distinct().Order())}.";
        }

        return Holds(type, value) ? null : $"{shown}, but must be {Wanted(type)}.";
    }

    private static string PlaceOf(IConfigurationRoot settings, string key) =>
        settings.Providers.Last(provider => provider.TryGet(key, out _)) switch
        {
            SettingsProvider own => own.Place,
            EnvironmentSettings => "the environment",
            _ => "the settings",
        };

    private static bool Covers(SettingsSection section, string key) => section.Key.Length == 0
        || key.Equals(section.Key, StringComparison.OrdinalIgnoreCase)
        || key.StartsWith(section.Key + ":", StringComparison.OrdinalIgnoreCase);

    /// <summary>The type that the key's value is bound to; null when the path leads nowhere.</summary>
    private static Type? Follow(SettingsSection section, string key)
    {
        Type? type = section.Options;
        foreach (var step in Steps(section, key))
        {
            type = type is null ? null : Step(type, step);
        }

        return type;
    }

    private static IEnumerable<string> Steps(SettingsSection section, string key) => key[section.Key.Length..]
        .Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static Type? Step(Type type, string step)
    {
        if (IsScalar(type))
        {
            return null;
        }

        if (ElementOf(type) is not { } element)
        {
            var named = Settable(type).Where(p => p.Name.Equals(step, StringComparison.OrdinalIgnoreCase));
            return named.FirstOrDefault()?.PropertyType;
        }

        var byName = type.GetInterfaces().Append(type).Any(candidate => candidate.IsGenericType
            && candidate.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>));
        return byName || int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? element : null;
    }

    /// <summary>What a list or a dictionary holds; null for anything else.</summary>
    private static Type? ElementOf(Type type)
    {
        if (type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type))
        {
            return null;
        }

        return type.IsArray ? type.GetElementType() : type.GetGenericArguments().LastOrDefault();
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.SetMethod is { IsPublic: true } || ElementOf(property.PropertyType) is not null);

    private static bool IsScalar(Type type) =>
        TypeDescriptor.GetConverter(Nullable.GetUnderlyingType(type) ?? type).CanConvertFrom(typeof(string));

    private static bool Holds(Type type, string value)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (!IsScalar(plain))
        {
            // An empty list or object in the file has an empty value here.
            return value.Length == 0;
        }

        try
        {
            TypeDescriptor.GetConverter(plain).ConvertFromInvariantString(value);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Wanted(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain switch
        {
            _ when plain == typeof(bool) => "true or false",
            _ when plain == typeof(int) || plain == typeof(long) => "a whole number",
            _ when plain == typeof(double) => "a number",
            _ when plain == typeof(TimeSpan) => "a time span, such as 00:00:30 (30 seconds) or 1.00:00:00 (a day)",
            _ when plain.IsEnum => $"one of {string.Join(", ", Enum.GetNames(plain))}",
            _ when ElementOf(plain) is not null => "a list",
            _ when !IsScalar(plain) => $"a section with {string.Join(", ", Settable(plain).Select(p => p.Name))}",
            _ => $"a {plain.Name}",
        };
    }

    /// <summary>The keys one could have meant: those at the deepest level of the path that is still known.</summary>
    private static IEnumerable<string> NamesAt(SettingsSection section, string key)
    {
        var (path, type) = (section.Key, section.Options);
        foreach (var step in Steps(section, key))
        {
            if (Step(type, step) is not { } next || IsScalar(next))
            {
                break;
            }

            (path, type) = (path.Length == 0 ? step : $"{path}:{step}", next);
        }

        return ElementOf(type) is null
            ? Settable(type).Select(property => path.Length == 0 ? property.Name : $"{path}:{property.Name}")
            : [$"{path}:0"];
    }

    private static IEnumerable<string> TopNames(SettingsSection section) =>
        section.Key.Length > 0 ? [section.Key] : Settable(section.Options).Select(property => property.Name);
}
