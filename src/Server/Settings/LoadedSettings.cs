using Microsoft.Extensions.Configuration;

namespace Saltern.Server.Settings;

/// <summary>
/// Where the settings of this process come from: a file, over it the environment, over it the flags. Nothing else, so
/// that a key nobody knows can be refused.
/// </summary>
internal sealed class LoadedSettings
{
    public const string DefaultFile = "saltern.json";

    private readonly IConfigurationSource[] sources;

    private LoadedSettings(params IConfigurationSource[] sources) => this.sources = sources;

    /// <summary>Reads the file named by --config, or saltern.json in this folder where there is one.</summary>
    /// <exception cref="SettingsException">The file is missing or is no JSON.</exception>
    public static LoadedSettings Load(string? file, IEnumerable<KeyValuePair<string, string?>> flags) =>
        Load(file ?? (File.Exists(DefaultFile) ? DefaultFile : null), new EnvironmentSettings(), flags);

    internal static LoadedSettings Load(
        string? file, EnvironmentSettings environment, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        IConfigurationSource[] files = file is null ? [] : [SettingsProvider.FromFile(file)];
        return new([.. files, environment, SettingsProvider.FromFlags(flags)]);
    }

    /// <summary>These settings with one more over them, such as the address of a database just started.</summary>
    public LoadedSettings With(string key, string value) =>
        new([.. sources, SettingsProvider.FromFlags([KeyValuePair.Create(key, (string?)value)])]);

    public void AddTo(IConfigurationBuilder builder)
    {
        foreach (var source in sources)
        {
            builder.Add(source);
        }
    }

    public IConfigurationRoot Build()
    {
        var builder = new ConfigurationBuilder();
        AddTo(builder);
        return builder.Build();
    }
}
