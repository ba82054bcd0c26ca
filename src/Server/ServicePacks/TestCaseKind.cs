using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>Fetches the solver test case of a run: a tar.gz in base64, in the target's result.</summary>
internal sealed class TestCaseKind : RunKind
{
    public const string KindName = "servicepack.testcase";

    public override string Name => KindName;

    protected override string Function => "saltern_zypper.fetch_test_case";

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        if (!ReturnReading.WentWell(returned))
        {
            return ReturnReading.Failed(returned);
        }

        var content = SaltJson.Text(SaltJson.Member(returned.Return, "content"));
        return content is { Length: > 0 }
            ? new TargetOutcome.Completed($"{ReasonText.Number(content.Length, "character")} of base64")
            : new TargetOutcome.Failed(SaltJson.Member(returned.Return, "too_large").ValueKind is JsonValueKind.True
                ? "the test case is larger than is fetched; it lies on the minion"
                : "the minion has no test case of that run");
    }
}
