using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Saltern.Server.Settings;

/// <summary>
/// SALTERN__DATABASE__MAXPOOLSIZE=9 is Database:MaxPoolSize. It is a provider of the environment also by its type,
/// because some settings (passwords) are taken from there only.
/// </summary>
internal sealed class EnvironmentSettings(IReadOnlyDictionary<string, string?>? variables = null)
    : EnvironmentVariablesConfigurationProvider(Prefix), IConfigurationSource
{
    private const string Prefix = "SALTERN__";

    public override void Load()
    {
        base.Load();
        Data = DatabaseShorthand.Expand(variables is null ? Data : Own(variables));
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    private static IEnumerable<KeyValuePair<string, string?>> Own(IReadOnlyDictionary<string, string?> variables) =>
        variables
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .Select(variable => KeyValuePair.Create(
                variable.Key[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), variable.Value));
}
