using System.Text.Json.Nodes;
using Saltern.Server.Actions;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>What Salt runs for an ask. Source: Salt's modules test and saltutil.</summary>
internal static class AskCalls
{
    /// <summary>The functions that asks need, besides those of the kinds.</summary>
    public static IReadOnlyList<string> Functions { get; } =
        ["test.ping", "saltutil.find_job", "saltutil.find_cached_job", "saltutil.term_job", "saltutil.kill_job"];

    public static SaltCall Of(AskPurpose purpose, ActionKind kind, string? aboutJid) => purpose switch
    {
        AskPurpose.Kind => kind.AskCall ?? throw new InvalidOperationException($"{kind.Name} asks nothing"),
        AskPurpose.Ping => new SaltCall("test.ping"),
        AskPurpose.FindJob => About("saltutil.find_job", aboutJid),
        AskPurpose.FindCachedJob => About("saltutil.find_cached_job", aboutJid),
        AskPurpose.TermJob => About("saltutil.term_job", aboutJid),
        AskPurpose.KillJob => About("saltutil.kill_job", aboutJid),
        _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "no purpose of an ask"),
    };

    private static SaltCall About(string function, string? jid) =>
        new(function, new JsonArray(jid ?? throw new InvalidOperationException($"{function} is about no job")));
}
