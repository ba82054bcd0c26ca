using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Makes a snapshot of before the system of the next boot (<c>snapper rollback</c>). Never done by itself; not repeated
/// by itself. Arguments: <c>snapshot</c> (its number, which is in the result of the run).
/// </summary>
internal sealed class RollbackKind : KindWithArguments<RollbackKind.Arguments>
{
    public override string Name => "servicepack.rollback";

    public override bool Exclusive => true;

    public override BodyReading ReadsBody => BodyReading.Always;

    protected override IReadOnlyList<string> ArgumentNames => ["snapshot"];

    public override bool SafeToRepeat(JsonElement arguments) => false;

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(15);

    public override SaltCall BuildCall(JsonElement arguments) =>
        new("saltern_zypper.rollback", new JsonObject { ["number"] = Valid(arguments).Snapshot });

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        var text = SaltJson.Text(SaltJson.Member(returned.Return, "said")) ?? "";
        var said = ReasonText.Short(ReasonText.FirstLine(text));
        // Salt makes the return code 1 where `success` is false: what snapper said counts.
        return SaltJson.Member(returned.Return, "success").ValueKind switch
        {
            JsonValueKind.True when ReturnReading.WentWell(returned) =>
                new TargetOutcome.Completed("takes effect with the next boot"),
            JsonValueKind.False =>
                new TargetOutcome.Failed(said.Length > 0 ? said : "snapper did not say why it failed"),
            _ => ReturnReading.Failed(returned),
        };
    }

    protected override Arguments Take(ArgumentReader reader)
    {
        reader.Require("snapshot", string.Create(CultureInfo.InvariantCulture, $"a number from 1"));
        return new Arguments(reader.WholeNumber("snapshot", 1, int.MaxValue, 1));
    }

    internal sealed record Arguments(int Snapshot);
}
