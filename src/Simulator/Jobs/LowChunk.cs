using System.Text.Json.Nodes;

namespace Saltern.Simulator.Jobs;

/// <summary>One low chunk of a request, with who sent it.</summary>
internal sealed class LowChunk
{
    private static readonly HashSet<string> Named =
        new(StringComparer.Ordinal) { "tgt", "tgt_type", "fun", "arg", "kwarg", "jid", "ret", "timeout" };

    public required JsonObject Body { get; init; }

    /// <summary>The user behind the token or the credentials.</summary>
    public required string User { get; init; }

    /// <summary>The token that publications carry in clear.</summary>
    public required string Token { get; init; }

    public string? MasterId { get; init; }

    public string Function => Json.TextOf(Body["fun"]);

    public JsonNode? Target => Body["tgt"];

    public string TargetType => Body["tgt_type"] is { } type ? Json.TextOf(type) : "glob";

    public JsonObject? Metadata => Body["metadata"] as JsonObject;

    /// <summary>The caller's own jid, if it gave one that is not empty.</summary>
    public string? Jid => Json.TextOf(Body["jid"]) is { Length: > 0 } jid ? jid : null;

    public TimeSpan Timeout => TimeSpan.FromSeconds(Json.NumberOf(Body["timeout"], 5));

    /// <summary>
    /// Salt's condition_input: arg is iterated, whatever it is (a text gives its letters, an object its keys), and
    /// kwarg is appended as an object marked with <c>__kwarg__</c>.
    /// </summary>
    public JsonArray PublishedArguments()
    {
        JsonArray arguments = Body["arg"] switch
        {
            JsonArray list => (JsonArray)list.DeepClone(),
            JsonObject keyed => Json.Array(keyed.Select(pair => pair.Key)),
            null => [],
            JsonNode text => Json.Array(Json.TextOf(text).Select(letter => letter.ToString())),
        };
        if (Body["kwarg"] is JsonObject { Count: > 0 } keywords)
        {
            JsonObject marked = (JsonObject)keywords.DeepClone();
            marked["__kwarg__"] = true;
            arguments.Add(marked);
        }

        return arguments;
    }

    /// <summary>The load that the master writes into jids before it publishes, secrets and all.</summary>
    public JsonObject Load(Publication publication)
    {
        JsonObject rest = [];
        foreach ((string name, JsonNode? value) in Body.Where(pair => !Named.Contains(pair.Key)))
        {
            rest[name] = value?.DeepClone();
        }

        if (!rest.ContainsKey("eauth") || rest.ContainsKey("token"))
        {
            rest["token"] = Token;
        }

        return new JsonObject
        {
            ["cmd"] = "publish",
            ["tgt"] = Target?.DeepClone(),
            ["fun"] = Function,
            ["arg"] = PublishedArguments(),
            ["key"] = "c2ltdWxhdGVkIGxvY2FsIGtleSBvZiB0aGUgbWFzdGVy",
            ["tgt_type"] = TargetType,
            ["ret"] = Json.TextOf(Body["ret"]),
            ["timeout"] = (int)Timeout.TotalSeconds,
            ["jid"] = publication.Jid,
            ["kwargs"] = rest,
            ["user"] = User,
        };
    }
}
