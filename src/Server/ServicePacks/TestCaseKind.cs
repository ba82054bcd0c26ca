using System.Buffers.Text;
using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>Fetches the solver test case of a run: a tar.gz in base64, in the target's result.</summary>
internal sealed class TestCaseKind : RunKind
{
    public const string KindName = "servicepack.testcase";

    /// <summary>What Salt puts in place of a long text where the jobs runner tells the returns.</summary>
    private const string Cut = "VALUE_TRIMMED";

    public override string Name => KindName;

    protected override string Function => "saltern_zypper.fetch_test_case";

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        if (!ReturnReading.WentWell(returned))
        {
            return ReturnReading.Failed(returned);
        }

        return SaltJson.Text(SaltJson.Member(returned.Return, "content")) switch
        {
            Cut => new TargetOutcome.Failed(
                "the master cut the answer, which is larger than its max_event_size; the test case lies on the minion"),
            { Length: > 0 } content when Base64.IsValid(content) =>
                new TargetOutcome.Completed($"{ReasonText.Number(content.Length, "character")} of base64"),
            { Length: > 0 } => new TargetOutcome.Failed("what came is no test case; it lies on the minion"),
            _ when SaltJson.Member(returned.Return, "too_large").ValueKind is JsonValueKind.True =>
                new TargetOutcome.Failed("the test case is larger than is fetched; it lies on the minion"),
            _ => new TargetOutcome.Failed("the minion has no test case of that run"),
        };
    }
}
