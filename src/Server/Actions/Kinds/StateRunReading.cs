using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Reads what a state run returns: a dict with one entry a state, or, when no state was run at all (a render error,
/// an sls that is not there, another run going on), a list of texts.
/// </summary>
internal static class StateRunReading
{
    private const string KeySeparator = "_|-";
    private const string RequisiteFailed = "One or more requisite failed";
    private const int ShownFailures = 5;

    public static TargetOutcome Read(MinionReturn returned)
    {
        if (IsStates(returned.Return))
        {
            return ReadStates(returned);
        }
        if (ReturnReading.BusyWithStates(returned) is { } busy)
        {
            return busy;
        }
        // A text, or a list of them, is a state run that was not begun, whatever the return code says.
        var isText = ReturnReading.TextOf(returned.Return) is not null;
        return ReturnReading.WentWell(returned) && !isText
            ? new TargetOutcome.Completed(ReturnReading.Preview(returned.Return))
            : ReturnReading.Failed(returned);
    }

    /// <summary>Whether a result is a dict of states: each key is made of module, id, name and function.</summary>
    public static bool IsStates(JsonElement result) =>
        result.ValueKind is JsonValueKind.Object
        && result.EnumerateObject().Any()
        && result.EnumerateObject().All(IsState);

    public static IReadOnlyList<StateResult> States(JsonElement states) =>
        [.. states.EnumerateObject().Select(ReadState).OrderBy(state => state.RunNumber)];

    private static bool IsState(JsonProperty state) =>
        state.Value.ValueKind is JsonValueKind.Object
        && JsonText.NameOf(state)?.Contains(KeySeparator, StringComparison.Ordinal) is true;

    private static TargetOutcome ReadStates(MinionReturn returned)
    {
        var states = States(returned.Return);
        var failed = states.Where(state => state.Failed).ToList();
        if (failed.Count > 0)
        {
            return new TargetOutcome.Failed(ReasonText.Short(Failures(failed, states.Count)));
        }
        var summary = Summary(states);
        return ReturnReading.WentWell(returned)
            ? new TargetOutcome.Completed(summary)
            : new TargetOutcome.Failed($"return code {returned.RetCode} though no state failed: {summary}");
    }

    private static string Summary(IReadOnlyList<StateResult> states)
    {
        var changed = states.Count(state => state is { Changed: true, WouldChange: false });
        var wouldChange = states.Count(state => state.WouldChange);
        var test = wouldChange > 0 ? $", {wouldChange} would change (test)" : "";
        return $"{ReasonText.Number(states.Count, "state")}, {changed} changed{test}";
    }

    // What failed only because something else did comes last: the cause must not be cut off.
    private static string Failures(List<StateResult> failed, int total)
    {
        var shown = failed
            .OrderBy(state => state.Comment.StartsWith(RequisiteFailed, StringComparison.Ordinal))
            .Take(ShownFailures)
            .Select(state => state.Comment.Length == 0 ? state.Id : $"{state.Id} ({state.Comment})");
        var more = failed.Count > ShownFailures ? ", …" : "";
        return $"{failed.Count} of {ReasonText.Number(total, "state")} failed: {string.Join(", ", shown)}{more}";
    }

    private static StateResult ReadState(JsonProperty property)
    {
        var state = property.Value;
        var result = JsonText.Member(state, "result");
        var place = JsonText.Member(state, "__run_num__");
        return new StateResult(
            Id: ReasonText.Short(IdOf(property), 80),
            Failed: result.ValueKind is JsonValueKind.False,
            WouldChange: result.ValueKind is JsonValueKind.Null,
            Changed: HasEntries(JsonText.Member(state, "changes")),
            Comment: ReasonText.Short(CommentOf(JsonText.Member(state, "comment")), 160),
            RunNumber: place.ValueKind is JsonValueKind.Number && place.TryGetInt32(out var run) ? run : int.MaxValue);
    }

    private static string IdOf(JsonProperty property)
    {
        if (JsonText.Of(JsonText.Member(property.Value, "__id__")) is { Length: > 0 } id)
        {
            return id;
        }
        var parts = (JsonText.NameOf(property) ?? "").Split(KeySeparator);
        return parts.Length > 1 ? parts[1] : parts[0];
    }

    private static string CommentOf(JsonElement comment) =>
        ReturnReading.TextOf(comment) is { } text ? ReturnReading.Reason(text) : "";

    private static bool HasEntries(JsonElement changes) => changes.ValueKind switch
    {
        JsonValueKind.Object => changes.EnumerateObject().Any(),
        JsonValueKind.Array => changes.GetArrayLength() > 0,
        JsonValueKind.String => JsonText.Of(changes)?.Length > 0,
        _ => false,
    };
}
