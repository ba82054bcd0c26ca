using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>A submission that this node holds the lease of, with everything the call needs.</summary>
internal sealed record ClaimedSubmission
{
    public required SubmissionId Id { get; init; }

    public required ActionId Action { get; init; }

    public required Jid Jid { get; init; }

    /// <summary>What is asked; null where the action itself is handed over.</summary>
    public required AskPurpose? Purpose { get; init; }

    public bool IsAsk => Purpose is not null;

    /// <summary>The jid that is asked about.</summary>
    public string? AboutJid { get; init; }

    public required string Kind { get; init; }

    public required JsonElement Arguments { get; init; }

    public required bool SafeToRepeat { get; init; }

    /// <summary>How often it has been sent, and when first; both by the database's clock.</summary>
    public required int Sends { get; init; }

    public TimeSpan SinceFirstSent { get; init; }
}
