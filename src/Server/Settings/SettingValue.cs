using System.Globalization;

namespace Saltern.Server.Settings;

internal static class SettingValue
{
    private static readonly string[] Secrets = ["password", "secret", "token", "connectionstring"];

    /// <summary>The value as a message may show it: what is or may hold a secret is never repeated.</summary>
    public static string Show(string key, object? value) => value switch
    {
        null or "" => "not set",
        _ when IsSecret(key) => "set to something not shown here",
        _ => $"'{Convert.ToString(value, CultureInfo.InvariantCulture)}'",
    };

    private static bool IsSecret(string key)
    {
        var last = key[(key.LastIndexOf(':') + 1)..];
        return Secrets.Any(secret => last.EndsWith(secret, StringComparison.OrdinalIgnoreCase));
    }
}
