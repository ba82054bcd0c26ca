using Microsoft.Extensions.Configuration;

namespace Saltern.Server.Settings;

/// <summary>Settings from the file or the flags, and that place in words.</summary>
internal sealed class SettingsProvider : ConfigurationProvider, IConfigurationSource
{
    private SettingsProvider(string place, IEnumerable<KeyValuePair<string, string?>> values)
    {
        Place = place;
        Data = DatabaseShorthand.Expand(values);
    }

    public string Place { get; }

    public static SettingsProvider FromFlags(IEnumerable<KeyValuePair<string, string?>> flags) =>
        new("the command line", flags);

    public static SettingsProvider FromFile(string path)
    {
        try
        {
            var file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path), optional: false).Build();
            return new(path, file.AsEnumerable().Where(setting => setting.Value is not null));
        }
        catch (FileNotFoundException)
        {
            throw new SettingsException([$"The settings file {path} does not exist."]);
        }
        catch (Exception e) when (e is InvalidDataException or UnauthorizedAccessException or IOException)
        {
            throw new SettingsException(
                [$"The settings file {path} could not be read: {(e.InnerException ?? e).Message}"]);
        }
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}
