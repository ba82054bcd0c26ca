using System.Text.Json.Nodes;

namespace Saltern.Server.Tests.Salt;

/// <summary>A request as the fake salt-api received it, whole.</summary>
internal sealed record HeardRequest(string Line, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public bool IsLogin => Line.Contains(" /login ", StringComparison.Ordinal);

    public string? Token => Headers.GetValueOrDefault("X-Auth-Token");

    public JsonNode Json => JsonNode.Parse(Body)!;
}
