using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Salt;

namespace Saltern.Server.Results;

/// <summary>What a minion says about a job that is overdue or to be stopped. Source: Salt's module saltutil.</summary>
internal abstract record WatchAnswer
{
    private WatchAnswer()
    {
    }

    /// <summary>The word that <see cref="WatchAnswers"/> hands to the database.</summary>
    public string Word => GetType().Name;

    /// <summary>Reads an answer to an ask of this purpose about the job with this jid.</summary>
    public static WatchAnswer Read(AskPurpose purpose, string? aboutJid, MinionReturn returned) => purpose switch
    {
        AskPurpose.FindJob => ReadFindJob(returned),
        AskPurpose.FindCachedJob => ReadCachedJob(aboutJid, returned),
        AskPurpose.TermJob or AskPurpose.KillJob => ReadSignal(returned),
        _ => new Done(),
    };

    private static WatchAnswer ReadFindJob(MinionReturn returned) => returned.Return switch
    {
        { ValueKind: JsonValueKind.Object } found when returned.Success =>
            found.EnumerateObject().Any() ? new Runs() : new Missing(),
        _ => new Unusable(),
    };

    private static WatchAnswer ReadCachedJob(string? aboutJid, MinionReturn returned)
    {
        if (returned.Return is { ValueKind: JsonValueKind.Object } job)
        {
            return job.TryGetProperty("jid", out var jid) && jid.ValueKind == JsonValueKind.String
                && jid.GetString() == aboutJid
                ? new Found(job)
                : new Unusable();
        }

        // Nothing at all, or an error, comes from a minion that has begun to keep a return: no proof of anything.
        return returned.Success && TextOf(returned).EndsWith(" not found", StringComparison.Ordinal)
            ? new NotCached()
            : new NoCache();
    }

    private static WatchAnswer ReadSignal(MinionReturn returned) =>
        TextOf(returned).StartsWith("Signal ", StringComparison.Ordinal) ? new Signalled() : new Done();

    private static string TextOf(MinionReturn returned) =>
        returned.Return.ValueKind == JsonValueKind.String ? returned.Return.GetString()! : "";

    /// <summary>The job runs: <c>find_job</c> names its process.</summary>
    internal sealed record Runs : WatchAnswer;

    /// <summary>The job does not run: <c>find_job</c> is <c>{}</c>.</summary>
    internal sealed record Missing : WatchAnswer;

    /// <summary>The minion kept its return, as it once sent it.</summary>
    internal sealed record Found(JsonElement Job) : WatchAnswer;

    /// <summary>The minion keeps its returns, and has none of this job.</summary>
    internal sealed record NotCached : WatchAnswer;

    /// <summary>
    /// The minion keeps no returns (<c>cache_jobs</c> is off), or has no usable copy: that proves nothing.
    /// </summary>
    internal sealed record NoCache : WatchAnswer;

    /// <summary>The job was there, and was sent a signal.</summary>
    internal sealed record Signalled : WatchAnswer;

    /// <summary>An answer whose being there is all there is to it.</summary>
    internal sealed record Done : WatchAnswer;

    /// <summary>No answer to what was asked; it is asked again.</summary>
    internal sealed record Unusable : WatchAnswer;
}
