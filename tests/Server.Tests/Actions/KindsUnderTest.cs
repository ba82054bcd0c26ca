using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Actions;

/// <summary>The kinds as the server registers them, and short ways to write arguments and returns.</summary>
internal static class KindsUnderTest
{
    public static IReadOnlyList<ActionKind> All { get; } =
        [.. new ServiceCollection().AddActionKinds().BuildServiceProvider().GetServices<ActionKind>()];

    public static ActionKind Get(string name) => All.Single(kind => kind.Name == name);

    public static JsonElement Json(string text) => JsonElement.Parse(text);

    public static MinionReturn Return(string result, int retcode = 0, string? outputter = null, string? args = null)
    {
        var full = $$"""{"id":"m1","jid":"20260101000000000001_s1","retcode":{{retcode}},"return":{{result}}}""";
        var root = JsonNode.Parse(full)!.AsObject();
        root["success"] = retcode == 0;
        root["out"] = outputter;
        root["fun_args"] = args is null ? null : JsonNode.Parse(args);
        return Parsed(root.ToJsonString());
    }

    public static MinionReturn Parsed(string fullReturn) =>
        MinionReturn.TryParse(fullReturn, out var parsed, out var reason)
            ? parsed
            : throw new InvalidOperationException(reason);

    /// <summary>An outcome in one line: <c>Failed: why</c>.</summary>
    public static string Told(TargetOutcome outcome) => outcome switch
    {
        TargetOutcome.Completed completed => $"Completed: {completed.Reason}",
        TargetOutcome.Failed failed => $"Failed: {failed.Reason}",
        TargetOutcome.Busy busy => $"Busy: {busy.Reason}",
        TargetOutcome.AskLater later => $"AskLater {later.After.TotalSeconds} s: {later.Reason}",
        _ => throw new InvalidOperationException(),
    };

    public static string Text(string json) => JsonSerializer.Serialize(json);
}
