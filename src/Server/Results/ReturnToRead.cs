using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;

namespace Saltern.Server.Results;

/// <summary>A return whose body must be read before it can be settled, and whom it concerns.</summary>
internal sealed record ReturnToRead
{
    public required long InboxId { get; init; }

    /// <summary>Where the body lies: jid, minion id and time of the row in the job cache.</summary>
    public required string Jid { get; init; }

    public required string MinionId { get; init; }

    public required DateTimeOffset? ReturnedAt { get; init; }

    public required ActionId Action { get; init; }

    public required SubmissionId Submission { get; init; }

    public required MinionKey Minion { get; init; }

    public required string Kind { get; init; }

    /// <summary>What was asked; null for a return of the action itself.</summary>
    public required AskPurpose? Purpose { get; init; }

    public bool IsAsk => Purpose is not null;

    /// <summary>Whether the target is past its deadline.</summary>
    public bool IsOverdue { get; init; }

    /// <summary>The jid that was asked about.</summary>
    public string? AboutJid { get; init; }

    /// <summary>What an ask before the pick-up was answered, to compare this answer with.</summary>
    public string? Before { get; init; }

    /// <summary>Whether the target is picked up (an ask may come before that).</summary>
    public required bool PickedUp { get; init; }

    public required bool Success { get; init; }

    /// <summary>The arguments of the action; the same object for all its returns of a batch.</summary>
    public JsonElement Arguments { get; init; }
}
