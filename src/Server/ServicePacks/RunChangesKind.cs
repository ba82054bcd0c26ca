using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Asks a minion which packages differ between the beginning of a run and now, for runs whose recorded result does not
/// tell. That it answers is the success.
/// </summary>
internal sealed class RunChangesKind : RunKind
{
    public const string KindName = "servicepack.changes";

    public override string Name => KindName;

    protected override string Function => "saltern_zypper.changed_since";

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) =>
        PackageComparison.Find(returned.Return) switch
        {
            { Changed: true, Packages: var packages } => new TargetOutcome.Completed(
                $"{ReasonText.Number(packages, "package")} changed since the run began"),
            { Changed: false } => new TargetOutcome.Completed("no package has changed since the run began"),
            { NeverBegan: true } => new TargetOutcome.Completed("the run never began to change packages"),
            not null => new TargetOutcome.Completed("which packages changed is not known"),
            null => ReturnReading.Failed(returned),
        };
}
