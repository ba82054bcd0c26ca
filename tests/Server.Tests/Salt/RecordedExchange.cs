using System.Globalization;
using System.Text.Json.Nodes;

namespace Saltern.Server.Tests.Salt;

/// <summary>One request to a real salt-api, and what it answered.</summary>
internal sealed record RecordedExchange(string Recording, int Index, JsonObject Step)
{
    public string Method => Step["request"]!["method"]!.GetValue<string>();

    public string Path => Step["request"]!["path"]!.GetValue<string>();

    public JsonNode? RequestBody => Step["request"]!["body"];

    public string Note => Step["note"]?.GetValue<string>() ?? "";

    /// <summary>The one chunk of a request to `/`; null if it is not a list of one, nor one by itself.</summary>
    public JsonObject? Chunk => RequestBody switch
    {
        JsonArray { Count: 1 } list => list[0] as JsonObject,
        JsonObject single => single,
        _ => null,
    };

    public string? Client => Method == "POST" && Path == "/" ? Chunk?["client"]?.GetValue<string>() : null;

    /// <summary>The HTTP status; 0 if the request ended without an answer.</summary>
    public int Status => int.TryParse(
        Step["response"]!["status"]!.GetValue<string>().Split(' ')[0], CultureInfo.InvariantCulture, out var status)
            ? status
            : 0;

    public JsonNode? ResponseBody => Step["response"]!["body"];

    /// <summary>The answer as bytes on the wire. Error pages were cut to heading and text: wrapped again.</summary>
    public FakeReply Reply(Func<string, string>? edit = null)
    {
        var headers = Step["response"]!["headers"]!.AsObject()
            .Where(header => header.Key != "Content-Length")
            .Select(header => $"{header.Key}: {header.Value}");
        var text = ResponseBody is JsonValue value && value.TryGetValue<string>(out var page)
            ? page.Replace("(an HTML page)", "<!DOCTYPE html><html><head><title>x</title></head><body>", Ordinal)
            : ResponseBody!.ToJsonString();
        return FakeReply.Text(
            Step["response"]!["status"]!.GetValue<string>(), string.Join("\r\n", headers), edit?.Invoke(text) ?? text);
    }

    public override string ToString() => $"{Recording}[{Index}] {Note}";

    private const StringComparison Ordinal = StringComparison.Ordinal;
}
