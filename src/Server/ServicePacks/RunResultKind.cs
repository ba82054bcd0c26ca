using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Asks a minion for the recorded result of a run. That it answers is the success; what the answer means for the
/// channels, <see cref="ChangeDecision"/> says. The return code is no matter: Salt makes it 1 where the
/// <c>success</c> of the record is false.
/// </summary>
internal sealed class RunResultKind : RunKind
{
    public const string KindName = "servicepack.result";

    public override string Name => KindName;

    protected override string Function => "saltern_zypper.run_result";

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) =>
        RunReport.Find(returned.Return) is { } report
            ? new TargetOutcome.Completed(ReasonText.Short(
                $"{report.Outcome}: {ReasonText.FirstLine(report.Comment)}".TrimEnd(' ', ':')))
            : ReturnReading.Failed(returned);
}
