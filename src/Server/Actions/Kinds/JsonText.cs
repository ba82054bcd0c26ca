using System.Text.Json;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Text out of JSON that somebody else wrote. JSON can spell half of a surrogate pair as an escape; it parses, and
/// .NET throws only when the string is read. That is a property of the input and not a bug, so here it is a value.
/// </summary>
internal static class JsonText
{
    /// <summary>The text of a string; null when the element is none or holds no valid text.</summary>
    public static string? Of(JsonElement element)
    {
        if (element.ValueKind is not JsonValueKind.String)
        {
            return null;
        }
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static string? NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The member of an object; of kind Undefined when there is none, or no object.</summary>
    public static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;
}
