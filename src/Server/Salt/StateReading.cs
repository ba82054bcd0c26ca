using System.Text.Json;

namespace Saltern.Server.Salt;

/// <summary>What a return of state.apply (or highstate, or another state run) says.</summary>
internal abstract record StateReading
{
    private const int MaxFailures = 100;
    private const int MaxComment = 2_000;

    private StateReading() { }

    /// <summary>
    /// The run took place. Counts of its states; the failed ones by name, the first hundred in order.
    /// </summary>
    public sealed record Ran : StateReading
    {
        /// <summary>States whose result is true, changed ones among them.</summary>
        public required int Ok { get; init; }

        /// <summary>States that succeeded and changed something.</summary>
        public required int Changed { get; init; }

        /// <summary>
        /// States that would change something: under test=True they have neither succeeded nor failed.
        /// </summary>
        public required int WouldChange { get; init; }

        public required int Failed { get; init; }

        public required IReadOnlyList<FailedState> Failures { get; init; }
    }

    /// <summary>No state ran: the sls files could not be found or rendered.</summary>
    public sealed record NotRendered(IReadOnlyList<string> Errors) : StateReading;

    /// <summary>No state ran because another state run goes on. Nothing is wrong with this one.</summary>
    public sealed record Busy(string Reason) : StateReading;

    /// <summary>Nothing that a state run returns.</summary>
    public sealed record Unreadable(string Reason) : StateReading;

    public static StateReading Of(JsonElement result) => result.ValueKind switch
    {
        JsonValueKind.Object => OfStates(result),
        JsonValueKind.Array => OfErrors(result),
        _ => new Unreadable($"A state run returned {result.ValueKind}, which is neither states nor errors."),
    };

    private static StateReading OfErrors(JsonElement list)
    {
        var errors = SaltBody.Texts(list).Take(MaxFailures).Select(Cut).ToList();
        if (errors.Count == 0)
        {
            return new Unreadable("A state run returned a list without a text.");
        }
        return errors.Find(IsBusy) is { } reason ? new Busy(reason) : new NotRendered(errors);
    }

    private static bool IsBusy(string error) =>
        error.StartsWith("The function \"", StringComparison.Ordinal)
        && error.Contains("\" is running as PID ", StringComparison.Ordinal);

    private static StateReading OfStates(JsonElement states)
    {
        int ok = 0, changed = 0, wouldChange = 0;
        var failures = new List<(int Order, FailedState State)>();
        foreach (var state in states.EnumerateObject())
        {
            var result = SaltJson.Member(state.Value, "result").ValueKind;
            switch (result)
            {
                case JsonValueKind.True:
                    ok++;
                    changed += HasChanges(state.Value) ? 1 : 0;
                    break;
                case JsonValueKind.Null:
                    wouldChange++;
                    break;
                case JsonValueKind.False:
                    failures.Add((SaltJson.Int(SaltJson.Member(state.Value, "__run_num__")) ?? 0, Failure(state)));
                    break;
                default:
                    return new Unreadable($"A state run returned '{Cut(state.Name)}' without a result.");
            }
        }
        return new Ran
        {
            Ok = ok,
            Changed = changed,
            WouldChange = wouldChange,
            Failed = failures.Count,
            Failures = [.. failures.OrderBy(each => each.Order).Take(MaxFailures).Select(each => each.State)],
        };
    }

    private static bool HasChanges(JsonElement state) => SaltJson.Member(state, "changes") switch
    {
        { ValueKind: JsonValueKind.Object } changes => changes.EnumerateObject().Any(),
        { ValueKind: JsonValueKind.Array } changes => changes.GetArrayLength() > 0,
        _ => false,
    };

    // The key is module_|-id_|-name_|-function, where id and name may themselves hold anything.
    private static FailedState Failure(JsonProperty state)
    {
        var parts = state.Name.Split("_|-");
        return new FailedState(
            Cut(SaltJson.Text(SaltJson.Member(state.Value, "__id__")) ?? parts.ElementAtOrDefault(1) ?? state.Name),
            Cut(SaltJson.Text(SaltJson.Member(state.Value, "name")) ?? parts.ElementAtOrDefault(2) ?? state.Name),
            parts.Length > 1 ? Cut($"{parts[0]}.{parts[^1]}") : "",
            Cut(Comment(SaltJson.Member(state.Value, "comment"))));
    }

    private static string Comment(JsonElement comment) => comment.ValueKind is JsonValueKind.Array
        ? string.Join('\n', SaltBody.Texts(comment))
        : SaltJson.Text(comment) ?? "";

    private static string Cut(string text) => text.Length <= MaxComment ? text : text[..MaxComment] + "…";
}
