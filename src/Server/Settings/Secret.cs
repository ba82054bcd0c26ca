using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Saltern.Server.Settings;

/// <summary>
/// A secret where the settings say it is: in a file, in an environment variable, or, from the environment alone, in the
/// setting itself. Read when it is needed, so that a file that was changed counts at once.
/// </summary>
internal static class Secret
{
    public static bool TryRead(
        string? file, string? variable, string? value, out string secret, out string problem)
    {
        (secret, problem) = (file, variable) switch
        {
            ({ } path, _) => FromFile(path),
            (_, { } name) => (
                Environment.GetEnvironmentVariable(name) ?? "", $"the environment variable '{name}' is not set"),
            _ => (value ?? "", "no password is set"),
        };
        return secret.Length > 0;
    }

    /// <summary>
    /// Whether a key is set by the environment: the last provider that has it is the one that counts.
    /// </summary>
    public static bool IsFromEnvironment(string path, IConfiguration configuration) =>
        configuration is IConfigurationRoot root
        && root.Providers.LastOrDefault(provider => provider.TryGet(path, out _))
            is EnvironmentVariablesConfigurationProvider;

    private static (string Secret, string Problem) FromFile(string file)
    {
        try
        {
            return (File.ReadAllText(file).TrimEnd('\r', '\n'), $"the file '{file}' is empty");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return ("", $"the file '{file}' cannot be read: {error.Message}");
        }
    }
}
