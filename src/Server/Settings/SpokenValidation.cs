using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Settings;

/// <summary>
/// Says what a source-generated validator found in the words of the person who wrote the setting: the key as it stands
/// in the file, the value, and what is allowed. The generated messages know only the property.
/// </summary>
internal sealed partial class SpokenValidation<TOptions>(string section, IValidateOptions<TOptions> validator)
    : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var result = validator.Validate(name, options);
        return result.Failed
            ? ValidateOptionsResult.Fail(result.Failures.Select(failure => Speak(failure, options)))
            : result;
    }

    private string Speak(string failure, TOptions options)
    {
        var match = GeneratedFailure().Match(failure);
        var property = match.Success ? typeof(TOptions).GetProperty(match.Groups["member"].Value) : null;
        if (property is null)
        {
            return $"{section}: {failure}";
        }

        var key = $"{section}:{property.Name}";
        var rule = match.Groups["rule"].Value
            .Replace($"The field {typeof(TOptions).Name}.{property.Name}", "It", StringComparison.Ordinal)
            .Replace($"The {typeof(TOptions).Name}.{property.Name} field", "It", StringComparison.Ordinal);
        return $"{key} is {SettingValue.Show(key, property.GetValue(options))}, which is not allowed. {rule}";
    }

    [GeneratedRegex(@"^(?<member>\w+): (?<rule>.+)$", RegexOptions.Singleline)]
    private static partial Regex GeneratedFailure();
}
