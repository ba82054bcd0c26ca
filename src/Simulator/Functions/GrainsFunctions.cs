using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Functions;

/// <summary>Salt's module <c>grains</c>.</summary>
internal static class GrainsFunctions
{
    public static SaltFunction[] All { get; } =
    [
        new("grains.items", call => FunctionResult.Of(Grains.Of(call.Fleet, call.Minion)))
        {
            Parameters = ["sanitize"],
        },
        new("grains.ls", Names),
        new("grains.item", Item) { TakesMore = true, TakesKeywords = true },
        new("grains.get", Get) { Parameters = ["key", "default", "delimiter", "ordered"], Required = 1 },
    ];

    private static FunctionResult Names(FunctionCall call) =>
        FunctionResult.Of(Json.Array(Grains.Of(call.Fleet, call.Minion).Select(pair => pair.Key).Order()));

    private static FunctionResult Item(FunctionCall call)
    {
        JsonObject grains = Grains.Of(call.Fleet, call.Minion);
        JsonObject asked = [];
        foreach (string name in call.Positional.Select(Json.TextOf))
        {
            asked[name] = Grains.Find(grains, name)?.DeepClone() ?? "";
        }

        return FunctionResult.Of(asked);
    }

    private static FunctionResult Get(FunctionCall call)
    {
        JsonObject grains = Grains.Of(call.Fleet, call.Minion);
        JsonNode? found = Grains.Find(grains, call.Text("key", 0));
        return FunctionResult.Of(found ?? call.Argument("default", 1)?.DeepClone() ?? "");
    }
}
