using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Saltern.Contract;

/// <summary>How the records of this assembly look as JSON; the same on both ends.</summary>
public static class ContractJson
{
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Applies the settings to options that someone else made.</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.TypeInfoResolver =
            (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(RefuseNullNames);
    }

    /// <summary>
    /// A list of names that holds null passes for one of names otherwise, and breaks whoever reads it.
    /// </summary>
    private static void RefuseNullNames(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(one => one.PropertyType == typeof(IReadOnlyList<string>)))
        {
            if (property.Set is { } set)
            {
                property.Set = (owner, value) =>
                {
                    if (value is IReadOnlyList<string?> names && names.Contains(null))
                    {
                        throw new JsonException($"'{property.Name}' is invalid: it holds null where a name belongs.");
                    }

                    set(owner, value);
                };
            }
        }
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
