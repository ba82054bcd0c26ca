using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Says of a state run how it went: counts when it went well, otherwise the states that failed, and why.
/// </summary>
internal static class StateRunReading
{
    private const string KeySeparator = "_|-";
    private const string RequisiteFailed = "One or more requisite failed";
    private const int ShownFailures = 5;
    private const int ShownId = 80;
    private const int ShownComment = 160;

    public static TargetOutcome Read(MinionReturn returned)
    {
        if (MinionFault.Find(returned) is not null)
        {
            return ReturnReading.Failed(returned);
        }
        return StateReading.Of(returned.Return) switch
        {
            StateReading.Ran { Failed: > 0 } ran => new TargetOutcome.Failed(ReasonText.Short(Failures(ran))),
            StateReading.Ran ran when ReturnReading.WentWell(returned) => new TargetOutcome.Completed(Summary(ran)),
            StateReading.Ran ran => new TargetOutcome.Failed(
                $"return code {returned.RetCode} though no state failed: {Summary(ran)}"),
            StateReading.Busy busy => new TargetOutcome.Busy(ReasonText.Short(busy.Reason)),
            StateReading.NotRendered none => new TargetOutcome.Failed(
                ReasonText.Short(ReasonText.FirstLine(string.Join('\n', none.Errors)))),
            _ => ReturnReading.Failed(returned),
        };
    }

    /// <summary>Whether a result is a dict of states: each key is made of module, id, name and function.</summary>
    public static bool IsStates(JsonElement result) =>
        result.ValueKind is JsonValueKind.Object
        && result.EnumerateObject().Any()
        && result.EnumerateObject().All(IsState);

    private static bool IsState(JsonProperty state) =>
        state.Value.ValueKind is JsonValueKind.Object
        && state.Name.Contains(KeySeparator, StringComparison.Ordinal);

    private static int Total(StateReading.Ran ran) => ran.Ok + ran.WouldChange + ran.Failed;

    private static string Summary(StateReading.Ran ran)
    {
        var test = ran.WouldChange > 0 ? $", {ran.WouldChange} would change (test)" : "";
        return $"{ReasonText.Number(Total(ran), "state")}, {ran.Changed} changed{test}";
    }

    // What failed only because something else did comes last: the cause must not be cut off.
    private static string Failures(StateReading.Ran ran)
    {
        var shown = ran.Failures
            .OrderBy(state => state.Comment.StartsWith(RequisiteFailed, StringComparison.Ordinal))
            .Take(ShownFailures)
            .Select(Describe);
        var more = ran.Failed > ShownFailures ? ", …" : "";
        return $"{ran.Failed} of {ReasonText.Number(Total(ran), "state")} failed: {string.Join(", ", shown)}{more}";
    }

    private static string Describe(FailedState state)
    {
        var id = ReasonText.Short(state.Id, ShownId);
        var comment = ReasonText.Short(ReturnReading.Reason(state.Comment), ShownComment);
        return comment.Length == 0 ? id : $"{id} ({comment})";
    }
}
