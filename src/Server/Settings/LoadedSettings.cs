using System.Collections;
using Microsoft.Extensions.Configuration;

namespace Saltern.Server.Settings;

/// <summary>
/// Saltern's settings and nothing else: from a file, over it the environment, over it the flags. Kept apart from what a
/// host collects by itself (all variables of the environment, for one), so that a key nobody knows can be refused.
/// </summary>
internal sealed class LoadedSettings
{
    public const string DefaultFile = "saltern.json";

    private readonly SettingsSource[] _sources;

    private LoadedSettings(SettingsSource[] sources)
    {
        _sources = sources;
        var builder = new ConfigurationBuilder();
        foreach (var source in sources)
        {
            builder.AddInMemoryCollection(source.Values);
        }

        Configuration = builder.Build();
    }

    public IConfigurationRoot Configuration { get; }

    /// <summary>Reads the file named by --config, or saltern.json in this folder where there is one.</summary>
    public static LoadedSettings Load(string? file, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value));
        return Load(file ?? (File.Exists(DefaultFile) ? DefaultFile : null), variables, flags);
    }

    internal static LoadedSettings Load(
        string? file,
        IEnumerable<KeyValuePair<string, string?>> environment,
        IEnumerable<KeyValuePair<string, string?>> flags)
    {
        SettingsSource[] files = file is null ? [] : [SettingsSource.FromFile(file)];
        return new([.. files, SettingsSource.FromEnvironment(environment), SettingsSource.FromFlags(flags)]);
    }

    /// <summary>These settings with one more over them, such as the address of a database just started.</summary>
    public LoadedSettings With(string key, string value) =>
        new([.. _sources, new SettingsSource("this program", new Dictionary<string, string?> { [key] = value })]);

    /// <summary>Where the value of this key comes from, in words.</summary>
    public string PlaceOf(string key) => _sources.Last(source => source.Has(key)).Place;
}
