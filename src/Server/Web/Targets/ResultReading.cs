using System.Globalization;
using System.Text.Json;

namespace Saltern.Server.Web.Targets;

/// <summary>
/// A result in the shape in which it is best read: states as a table, a command as its output, a text as a text. It is
/// for the eye only; what a result means for its target is the business of the kind of action.
/// </summary>
internal abstract record ResultReading
{
    private ResultReading()
    {
    }

    public sealed record States(IReadOnlyList<StateLine> Lines) : ResultReading;

    public sealed record Command(string? ExitCode, string Output, string Errors) : ResultReading;

    public sealed record Text(string Value) : ResultReading;

    public sealed record Json(string Pretty) : ResultReading;

    /// <summary>No JSON, or only its beginning.</summary>
    public sealed record Raw(string Value) : ResultReading;

    public static ResultReading Of(string text) => JsonView.Parse(text) switch
    {
        null => new Raw(text),
        { ValueKind: JsonValueKind.String } value => new Text(JsonView.TextOf(value)),
        { ValueKind: JsonValueKind.Array } list when IsTexts(list) =>
            new Text(string.Join("\n\n", list.EnumerateArray().Select(JsonView.TextOf))),
        { ValueKind: JsonValueKind.Object } result when StatesOf(result) is { } states => new States(states),
        { ValueKind: JsonValueKind.Object } result when CommandOf(result) is { } command => command,
        { } other => new Json(JsonView.Pretty(other)),
    };

    private static bool IsTexts(JsonElement list) =>
        list.GetArrayLength() > 0 && list.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String);

    private static List<StateLine>? StatesOf(JsonElement result)
    {
        var lines = new List<StateLine>();
        foreach (var state in result.EnumerateObject())
        {
            if (state.Value.ValueKind is not JsonValueKind.Object
                || !state.Name.Contains("_|-", StringComparison.Ordinal)
                || !state.Value.TryGetProperty("result", out var outcome))
            {
                return null;
            }

            lines.Add(LineOf(state.Name.Split("_|-"), state.Value, outcome.ValueKind));
        }

        return lines.Count == 0 ? null : [.. lines.OrderBy(line => line.Place)];
    }

    private static StateLine LineOf(string[] key, JsonElement state, JsonValueKind outcome)
    {
        var changes = state.TryGetProperty("changes", out var changed) && changed.ValueKind is JsonValueKind.Object
            && changed.EnumerateObject().Any() ? JsonView.Pretty(changed) : null;
        return new StateLine(
            PlaceOf(state),
            MemberText(state, "__id__") ?? key.ElementAtOrDefault(1) ?? "",
            $"{key[0]}.{key[^1]}",
            outcome switch
            {
                JsonValueKind.False => "Failed",
                JsonValueKind.Null => "Would change",
                _ => changes is null ? "Unchanged" : "Changed",
            },
            MemberText(state, "comment") ?? "",
            changes,
            state.TryGetProperty("duration", out var duration) ? Milliseconds(duration) : "");
    }

    private static int PlaceOf(JsonElement state) =>
        state.TryGetProperty("__run_num__", out var number) && number.ValueKind is JsonValueKind.Number
        && number.TryGetInt32(out var place)
            ? place
            : int.MaxValue;

    private static Command? CommandOf(JsonElement result)
    {
        if (!result.TryGetProperty("retcode", out var code) || !result.TryGetProperty("stdout", out _))
        {
            return null;
        }

        return new Command(
            code.ValueKind is JsonValueKind.Number ? code.GetRawText() : null,
            MemberText(result, "stdout") ?? "",
            MemberText(result, "stderr") ?? "");
    }

    private static string? MemberText(JsonElement value, string name) =>
        !value.TryGetProperty(name, out var member) ? null : member.ValueKind switch
        {
            JsonValueKind.String => JsonView.TextOf(member),
            JsonValueKind.Array when IsTexts(member) =>
                string.Join('\n', member.EnumerateArray().Select(JsonView.TextOf)),
            _ => null,
        };

    private static string Milliseconds(JsonElement duration) => duration.ValueKind switch
    {
        JsonValueKind.Number when duration.TryGetDouble(out var number) =>
            number.ToString("0", CultureInfo.InvariantCulture) + " ms",
        JsonValueKind.String => JsonView.TextOf(duration),
        _ => "",
    };
}
