using System.Text.Json.Nodes;

namespace Saltern.Simulator.Runners;

/// <summary>A runner or wheel function with its parameters in order.</summary>
internal sealed record MasterFunction(
    string[] Parameters, Func<MasterCall, CancellationToken, Task<JsonNode?>> RunAsync)
{
    public MasterFunction(string[] parameters, Func<MasterCall, JsonNode?> run)
        : this(parameters, (call, _) => Task.FromResult(run(call)))
    {
    }
}
