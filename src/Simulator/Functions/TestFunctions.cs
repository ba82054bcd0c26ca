using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Functions;

/// <summary>Salt's module <c>test</c>.</summary>
internal static class TestFunctions
{
    public static SaltFunction[] All { get; } =
    [
        new("test.ping", _ => FunctionResult.True),
        new("test.true", _ => FunctionResult.True),
        new("test.true_", _ => FunctionResult.True),
        new("test.false", _ => new FunctionResult("false")),
        new("test.false_", _ => new FunctionResult("false")),
        new("test.version", _ => new FunctionResult("\"3006.0\"")),
        new("test.echo", call => FunctionResult.Of(call.Argument("text", 0)?.DeepClone()))
        {
            Parameters = ["text"], Required = 1,
        },
        new("test.arg", Arg) { TakesMore = true, TakesKeywords = true },
        new("test.kwarg", Kwarg) { TakesKeywords = true },
        new("test.exception", Exception) { Parameters = ["message"] },
        new("test.retcode", call => new FunctionResult("true", (int)Json.NumberOf(call.Argument("code", 0), 42)))
        {
            Parameters = ["code"],
        },
        new("test.sleep", _ => FunctionResult.True)
        {
            Parameters = ["length"], Required = 1, Duration = call => Seconds(call.Argument("length", 0)),
        },
        new("test.rand_sleep", _ => FunctionResult.True)
        {
            Parameters = ["max"], Duration = RandomSleep,
        },
    ];

    public static TimeSpan Seconds(JsonNode? node) =>
        TimeSpan.FromSeconds(Math.Clamp(Json.NumberOf(node, 0), 0, TimeSpan.FromDays(30).TotalSeconds));

    private static TimeSpan RandomSleep(FunctionCall call)
    {
        double chance = Dice.Fraction(call.Fleet.Seed, (ulong)call.Minion, (ulong)call.Publication.Job, 21);
        return TimeSpan.FromSeconds(Json.NumberOf(call.Argument("max", 0), 60) * chance);
    }

    private static FunctionResult Arg(FunctionCall call) => FunctionResult.Of(new JsonObject
    {
        ["args"] = new JsonArray([.. call.Positional.Select(argument => argument?.DeepClone())]),
        ["kwargs"] = Keywords(call),
    });

    private static FunctionResult Kwarg(FunctionCall call) => FunctionResult.Of(Keywords(call));

    // A function that takes any keyword gets the publication in keywords of its own.
    private static JsonObject Keywords(FunctionCall call)
    {
        JsonObject keywords = [];
        foreach ((string name, JsonNode? value) in call.Publication.Keywords)
        {
            keywords[name] = value?.DeepClone();
        }

        LowChunk low = call.Publication.Low;
        keywords["__pub_fun"] = call.Publication.Function;
        keywords["__pub_jid"] = call.Publication.Jid;
        keywords["__pub_ret"] = Json.TextOf(low.Body["ret"]);
        keywords["__pub_tgt"] = low.Target?.DeepClone();
        keywords["__pub_tgt_type"] = low.TargetType;
        keywords["__pub_user"] = low.User;
        keywords["__pub_arg"] = JsonNode.Parse(call.Publication.FunArgs);
        if (low.MasterId is { } master)
        {
            keywords["__pub_master_id"] = master;
        }

        if (low.Metadata is { } metadata)
        {
            keywords["__pub_metadata"] = metadata.DeepClone();
        }

        return keywords;
    }

    private static FunctionResult Exception(FunctionCall call)
    {
        string message = call.Argument("message", 0) is { } given ? Json.TextOf(given) : "Test Exception";
        return FunctionResult.Error(
            "The minion function caused an exception: Traceback (most recent call last):\n"
            + "  File \"/usr/lib/python3/dist-packages/salt/modules/test.py\", line 547, in exception\n"
            + $"    raise Exception(message)\nException: {message}\n");
    }
}
