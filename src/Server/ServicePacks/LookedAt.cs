using Saltern.Server.Actions;
using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>A change of channels that is being decided, with what is known of it.</summary>
internal sealed record LookedAt
{
    public required long Id { get; init; }

    public required ActionId Action { get; init; }

    public required long Minion { get; init; }

    public required string Name { get; init; }

    public required string RunId { get; init; }

    /// <summary>The order wants a restart after it.</summary>
    public required bool RebootAfter { get; init; }

    /// <summary>Until when the order could begin; null where it is gone.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    public required ChannelAssignment? Before { get; init; }

    public required ChannelAssignment After { get; init; }

    /// <summary>The order that brings the minion what is assigned to it, and how that target stands.</summary>
    public required (ActionId Action, TargetStatus? Status, string? Reason)? Applying { get; init; }

    /// <summary>The order that asks it for the recorded result, and how that target stands.</summary>
    public required (ActionId Action, TargetStatus? Status, string? Reason)? Asking { get; init; }

    /// <summary>The order that has it compare its packages, and how that target stands.</summary>
    public required (ActionId Action, TargetStatus? Status, string? Reason)? Comparing { get; init; }

    /// <summary>When it was asked last.</summary>
    public required DateTimeOffset? AskedAt { get; init; }

    /// <summary>An order of ours may be given again now.</summary>
    public required bool IsDue { get; init; }

    /// <summary>What was seen, as it is kept for the next look.</summary>
    public required string Seen { get; init; }

    public required ChangeFacts Facts { get; init; }
}
