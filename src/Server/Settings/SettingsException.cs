namespace Saltern.Server.Settings;

/// <summary>
/// The program must not start with these settings; each line names a key, its value and what is allowed.
/// </summary>
internal sealed class SettingsException(IEnumerable<string> problems)
    : Exception(string.Join(Environment.NewLine, problems));
