using System.Text.Json.Nodes;

namespace Saltern.Server.Salt;

/// <summary>What a submission says about itself. Salt carries it through unread; every return brings it back.</summary>
internal sealed record SaltMetadata(JsonObject Values)
{
    public static SaltMetadata None => new([]);
}
