namespace Saltern.Server.Settings;

/// <summary>A section of the configuration and the options type that says which keys it may hold.</summary>
internal sealed record SettingsSection(string Key, Type Options);
