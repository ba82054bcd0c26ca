using System.Text.Json;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Text out of the JSON of an order. JSON can spell half of a surrogate pair as an escape; it parses, and .NET throws
/// only when the string is read. That is a property of the input and not a bug, so here it is a value. (What minions
/// send was mended when it was parsed: <see cref="Salt.SaltJson"/>.)
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
}
