using Microsoft.Extensions.Configuration;

namespace Saltern.Server.Settings;

/// <summary>Settings from one place, and that place in words.</summary>
internal sealed record SettingsSource(string Place, IReadOnlyDictionary<string, string?> Values)
{
    private const string EnvironmentPrefix = "SALTERN__";

    /// <summary>SALTERN__DATABASE__MAXPOOLSIZE=9 is Database:MaxPoolSize.</summary>
    public static SettingsSource FromEnvironment(IEnumerable<KeyValuePair<string, string?>> variables) => new(
        "the environment",
        Named(variables
            .Where(variable => variable.Key.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            .Select(variable => KeyValuePair.Create(
                variable.Key[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal), variable.Value))));

    public static SettingsSource FromFlags(IEnumerable<KeyValuePair<string, string?>> flags) =>
        new("the command line", Named(flags));

    public static SettingsSource FromFile(string path)
    {
        try
        {
            var file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path), optional: false).Build();
            return new(path, Named(file.AsEnumerable().Where(setting => setting.Value is not null)));
        }
        catch (FileNotFoundException)
        {
            throw new SettingsException([$"The settings file {path} does not exist."]);
        }
        catch (Exception e) when (e is InvalidDataException or UnauthorizedAccessException or IOException)
        {
            throw new SettingsException([$"The settings file {path} could not be read: {(e.InnerException ?? e).Message}"]);
        }
    }

    public bool Has(string key) => Values.ContainsKey(key);

    /// <summary>A mere `Database` is its connection string: SALTERN__DATABASE, --database, "Database": "Host=…".</summary>
    private static Dictionary<string, string?> Named(IEnumerable<KeyValuePair<string, string?>> values)
    {
        var named = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in values)
        {
            named[key.Equals("Database", StringComparison.OrdinalIgnoreCase) ? "Database:ConnectionString" : key] = value;
        }

        return named;
    }
}
