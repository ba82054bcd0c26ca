using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Has a minion tell its grains (system, kernel, addresses, hardware), and the fleet learn them. Takes no arguments.
/// </summary>
internal sealed class HardwareRefreshKind : KindWithArguments<NoArguments>
{
    public override string Name => "hardware.refresh";

    public override bool Exclusive => false;

    /// <summary>The grains are in the body.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    protected override IReadOnlyList<string> ArgumentNames => [];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(5);

    public override SaltCall BuildCall(JsonElement arguments) => new("grains.items");

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        if (!ReturnReading.WentWell(returned))
        {
            return ReturnReading.Failed(returned);
        }
        return returned.Return.ValueKind is JsonValueKind.Object
            ? new TargetOutcome.Completed(Summary(returned.Return), returned.Return)
            : new TargetOutcome.Failed($"the result is no dict of grains: {ReturnReading.Preview(returned.Return)}");
    }

    protected override NoArguments Take(ArgumentReader reader) => NoArguments.Instance;

    private static string Summary(JsonElement grains)
    {
        var count = ReasonText.Number(grains.EnumerateObject().Count(), "grain");
        return SaltJson.Text(SaltJson.Member(grains, "osfinger")) is { Length: > 0 } system
            ? ReasonText.Short($"{count}, {system}")
            : count;
    }
}
