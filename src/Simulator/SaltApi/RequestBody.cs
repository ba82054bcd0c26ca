using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>Reads the low chunks of a request: JSON, one object or a list of them, or a form.</summary>
internal static class RequestBody
{
    public static async Task<List<JsonObject>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        string type = request.ContentType?.Split(';')[0].Trim() ?? "";
        if (request.HasFormContentType)
        {
            return [await ReadFormAsync(request, cancellationToken)];
        }

        if (type is not ("application/json" or "text/javascript"))
        {
            throw NoList();
        }

        using StreamReader reader = new(request.Body);
        string text = await reader.ReadToEndAsync(cancellationToken);
        JsonNode? body = text.Length == 0 ? null : Parse(text);
        return body switch
        {
            JsonObject one => [one],
            JsonArray list when list.All(entry => entry is JsonObject) => [.. list.Select(entry => entry!.AsObject())],
            _ => throw NoList(),
        };
    }

    private static ApiError NoList() => new(400, "Lowstates must be a list");

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            throw new ApiError(400, "Invalid JSON document");
        }
    }

    private static async Task<JsonObject> ReadFormAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        IFormCollection form = await request.ReadFormAsync(cancellationToken);
        JsonObject chunk = [];
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in form)
        {
            bool isList = name == "arg" || values.Count > 1;
            chunk[name] = isList ? Json.Array(values.Select(value => value ?? "")) : values[0];
        }

        return chunk;
    }
}
