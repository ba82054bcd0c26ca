using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// One job as the master publishes it. Arguments are read once, as a minion's load_args_and_kwargs reads them, and what
/// every return repeats is kept as ready text.
/// </summary>
internal sealed class Publication
{
    public Publication(string jid, int job, LowChunk low)
    {
        Jid = jid;
        Job = job;
        Low = low;
        Function = low.Function;
        JsonArray published = low.PublishedArguments();
        PublishedArguments = Json.Text(published);
        JsonArray plain = [];
        foreach (JsonNode? argument in published)
        {
            Read(argument, plain);
        }

        FunArgs = Json.Text(plain);
        Metadata = low.Metadata is null ? null : Json.Text(low.Metadata);
        Target = Json.Text(low.Target);
        ArgumentsHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FunArgs)))[..16];
        ReturnTail = MakeReturnTail();
    }

    public string Jid { get; }

    /// <summary>The small number that stands for the jid in minions' memories.</summary>
    public int Job { get; }

    public LowChunk Low { get; }

    public string Function { get; }

    public List<JsonNode?> Positional { get; } = [];

    public Dictionary<string, JsonNode?> Keywords { get; } = new(StringComparer.Ordinal);

    /// <summary>Arguments with <c>__kwarg__</c>, as in the publication.</summary>
    public string PublishedArguments { get; }

    /// <summary>Arguments without it, as in a return.</summary>
    public string FunArgs { get; }

    public string? Metadata { get; }

    public string Target { get; }

    public string ArgumentsHash { get; }

    /// <summary>What all returns of the job have in common, from jid to metadata.</summary>
    public string ReturnTail { get; }

    private void Read(JsonNode? argument, JsonArray plain)
    {
        if (argument is JsonObject keywords && Json.IsTrue(keywords["__kwarg__"]))
        {
            JsonObject rest = [];
            foreach ((string name, JsonNode? value) in keywords.Where(pair => pair.Key != "__kwarg__"))
            {
                Keywords[name] = value?.DeepClone();
                rest[name] = value?.DeepClone();
            }

            plain.Add(rest);
            return;
        }

        plain.Add(argument?.DeepClone());
        bool isText = argument is JsonValue scalar && scalar.TryGetValue(out string? _);
        if (isText && KeywordText.TryRead(Json.TextOf(argument), out string? key, out JsonNode? read))
        {
            Keywords[key] = read;
            return;
        }

        Positional.Add(argument?.DeepClone());
    }

    private string MakeReturnTail()
    {
        StringBuilder tail = new();
        tail.Append("\"jid\":").Append(Json.Quote(Jid))
            .Append(",\"fun\":").Append(Json.Quote(Function))
            .Append(",\"fun_args\":").Append(FunArgs)
            .Append(",\"user\":").Append(Json.Quote(Low.User));
        if (Low.MasterId is { } master)
        {
            tail.Append(",\"master_id\":").Append(Json.Quote(master));
        }

        if (Metadata is not null)
        {
            tail.Append(",\"metadata\":").Append(Metadata);
        }

        return tail.ToString();
    }
}
