using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Runners;

/// <summary>
/// The arguments of a runner or wheel function: in <c>kwarg</c>, in <c>arg</c> (texts <c>name=value</c> are keywords),
/// or as further keys of the chunk.
/// </summary>
internal sealed class MasterCall
{
    private static readonly HashSet<string> NotArguments = new(StringComparer.Ordinal)
    {
        "client", "fun", "arg", "kwarg", "token", "username", "password", "eauth", "user", "key", "timeout",
        "full_return",
    };

    private readonly JsonObject named = [];

    public MasterCall(MasterFunction function, LowChunk low)
    {
        Low = low;
        List<JsonNode?> positional = [];
        foreach (JsonNode? argument in low.Body["arg"] as JsonArray ?? [])
        {
            bool isText = argument is JsonValue;
            if (isText && KeywordText.TryRead(Json.TextOf(argument), out string? name, out JsonNode? value))
            {
                named[name] = value;
                continue;
            }

            positional.Add(argument?.DeepClone());
        }

        Put(low.Body["kwarg"] as JsonObject ?? [], _ => true);
        Put(low.Body, name => !NotArguments.Contains(name));
        foreach ((string parameter, JsonNode? value) in function.Parameters.Zip(positional))
        {
            named[parameter] = value;
        }

        foreach (string strange in named.Select(pair => pair.Key).Except(function.Parameters).ToList())
        {
            named.Remove(strange);
        }
    }

    public LowChunk Low { get; }

    public JsonNode? this[string name] => named[name];

    public string Text(string name) => Json.TextOf(named[name]);

    public JsonArray FunArgs() => named.Count == 0 ? [] : new JsonArray(named.DeepClone());

    private void Put(JsonObject from, Func<string, bool> takes)
    {
        foreach ((string name, JsonNode? value) in from.Where(pair => takes(pair.Key)))
        {
            named[name] = value?.DeepClone();
        }
    }
}
