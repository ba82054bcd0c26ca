using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Saltern.Server.Database;
using Saltern.Server.Settings;

namespace Saltern.Cli.Server;

/// <summary>The options of commands that work on the server's own settings and database.</summary>
internal static class ServerSettings
{
    private const string DataFolderKey = $"{DatabaseOptions.Section}:{nameof(DatabaseOptions.DataFolder)}";

    public static readonly Option<string?> Config = new("--config")
    {
        Description = $"File of settings; else {LoadedSettings.DefaultFile} in this folder where there is one.",
    };

    public static readonly Option<string?> Database = new("--database")
    {
        Description = "Connection string of a PostgreSQL 15 or newer; or SALTERN__DATABASE; else one of our own.",
    };

    public static readonly Option<string?> Data = new("--data")
    {
        Description = "Folder of our own PostgreSQL, where no other database is named.",
    };

    public static readonly IReadOnlyList<Option> All = [Config, Database, Data];

    public static LoadedSettings Load(ParseResult parsed, params KeyValuePair<string, string?>[] more)
    {
        var flags = new List<KeyValuePair<string, string?>>(more);
        if (parsed.GetValue(Database) is { } database)
        {
            flags.Add(KeyValuePair.Create("Database", (string?)database));
        }

        if (parsed.GetValue(Data) is { } data)
        {
            flags.Add(KeyValuePair.Create(DataFolderKey, (string?)data));
        }

        return LoadedSettings.Load(parsed.GetValue(Config), flags);
    }

    public static bool NamesDatabase(LoadedSettings settings) =>
        !string.IsNullOrEmpty(
            settings.Build()[$"{DatabaseOptions.Section}:{nameof(DatabaseOptions.ConnectionString)}"]);

    public static LoadedSettings WithDatabase(LoadedSettings settings, string connectionString) =>
        settings.With($"{DatabaseOptions.Section}:{nameof(DatabaseOptions.ConnectionString)}", connectionString);

    /// <summary>Where our own PostgreSQL lives: --data, or the setting it stands for, or the default.</summary>
    public static string DataFolder(LoadedSettings settings)
    {
        var folder = settings.Build()[DataFolderKey] ?? DatabaseOptions.DefaultDataFolder();
        return folder.Trim().Length > 0
            ? folder
            : throw new SettingsException([$"{DataFolderKey} is not set; name a folder with it or with --data."]);
    }
}
