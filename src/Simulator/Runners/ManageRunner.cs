using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Minions;
using Saltern.Simulator.SaltApi;

namespace Saltern.Simulator.Runners;

/// <summary>
/// Salt's runner <c>manage</c>: status, up and down ping every minion and wait for those that do not answer; present
/// and alived go by connections.
/// </summary>
internal sealed class ManageRunner(LocalClient local, Fleet fleet)
{
    private static readonly string[] Ping = ["tgt", "tgt_type", "timeout"];

    public IEnumerable<(string Name, MasterFunction Function)> Functions =>
    [
        ("run:manage.status", new(Ping, async (call, token) => await StatusAsync(call, token))),
        ("run:manage.up", new(Ping, async (call, token) => await PartAsync("up", call, token))),
        ("run:manage.down", new(Ping, async (call, token) => await PartAsync("down", call, token))),
        ("run:manage.present", new([], _ => Connected())),
        ("run:manage.alived", new([], _ => Connected())),
        ("run:manage.joined", new([], _ => Connected())),
        ("wheel:minions.connected", new([], _ => Connected())),
    ];

    private JsonArray Connected() => Json.Array(
        fleet.Where(minion => fleet[minion].Up && fleet[minion].Key == KeyStatus.Accepted)
            .Select(fleet.IdOf).Order(StringComparer.Ordinal));

    private async Task<JsonNode?> PartAsync(string part, MasterCall call, CancellationToken cancellationToken) =>
        (await StatusAsync(call, cancellationToken))[part]?.DeepClone();

    private async Task<JsonObject> StatusAsync(MasterCall call, CancellationToken cancellationToken)
    {
        LowChunk ping = new()
        {
            Body = new JsonObject
            {
                ["client"] = "local",
                ["tgt"] = call["tgt"]?.DeepClone() ?? "*",
                ["tgt_type"] = call["tgt_type"]?.DeepClone() ?? "glob",
                ["fun"] = "test.ping",
                ["timeout"] = call["timeout"]?.DeepClone() ?? 5,
            },
            User = "root",
            Token = "",
            MasterId = call.Low.MasterId,
        };
        JsonObject answers = await local.RunAsync(ping, cancellationToken);
        ILookup<bool, string> byUp = answers.ToLookup(pair => Json.IsTrue(pair.Value), pair => pair.Key);
        return new JsonObject
        {
            ["up"] = Json.Array(byUp[true].Order(StringComparer.Ordinal)),
            ["down"] = Json.Array(byUp[false].Order(StringComparer.Ordinal)),
        };
    }
}
