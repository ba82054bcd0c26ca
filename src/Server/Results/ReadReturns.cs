using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;

namespace Saltern.Server.Results;

/// <summary>What reading bodies found in one batch, in the arrays that the settling statements take.</summary>
internal sealed class ReadReturns
{
    public List<long> SettledInboxIds { get; } = [];

    public List<string> Statuses { get; } = [];

    public List<string?> Reasons { get; } = [];

    /// <summary>Targets whose minion was busy: back to the queue.</summary>
    public List<(ReturnToRead Return, string Reason)> Busy { get; } = [];

    /// <summary>Targets whose minion is to be asked later.</summary>
    public List<(ReturnToRead Return, TimeSpan After, string Reason)> AskLater { get; } = [];

    /// <summary>Answers to asks from before a pick-up.</summary>
    public List<(ReturnToRead Return, string Answer)> Answers { get; } = [];

    /// <summary>Asks after a pick-up that decided their target.</summary>
    public List<(ReturnToRead Return, TargetStatus Status, string? Reason)> Decided { get; } = [];

    /// <summary>Grains that the fleet has not learned yet.</summary>
    public List<(MinionKey Minion, JsonElement Grains)> Grains { get; } = [];

    /// <summary>Inbox rows that this batch had no room for any more; the next one begins with them.</summary>
    public List<long> LeftForLater { get; } = [];

    /// <summary>All of these fail their targets, for this reason.</summary>
    public static ReadReturns Unreadable(long[] inboxIds, string reason)
    {
        var read = new ReadReturns();
        foreach (var id in inboxIds)
        {
            read.SettledInboxIds.Add(id);
            read.Statuses.Add(nameof(TargetStatus.Failed));
            read.Reasons.Add(reason);
        }

        return read;
    }

    /// <summary>Inbox rows that the set-based statements must leave alone.</summary>
    public long[] Apart =>
    [
        .. Busy.Select(one => one.Return.InboxId),
        .. AskLater.Select(one => one.Return.InboxId),
        .. Answers.Select(one => one.Return.InboxId),
        .. Decided.Select(one => one.Return.InboxId),
    ];

    public void Add(ReturnToRead read, TargetOutcome outcome)
    {
        switch (outcome)
        {
            case TargetOutcome.Completed completed:
                if (completed.Grains is { } grains)
                {
                    Grains.Add((read.Minion, grains));
                }

                Settle(read, TargetStatus.Completed, completed.Reason);
                break;
            case TargetOutcome.Failed failed:
                Settle(read, TargetStatus.Failed, failed.Reason);
                break;
            case TargetOutcome.Busy busy:
                Busy.Add((read, busy.Reason));
                break;
            case TargetOutcome.AskLater later:
                AskLater.Add((read, later.After, later.Reason));
                break;
        }
    }

    private void Settle(ReturnToRead read, TargetStatus status, string? reason)
    {
        if (read.IsAsk)
        {
            Decided.Add((read, status, reason));
            return;
        }

        SettledInboxIds.Add(read.InboxId);
        Statuses.Add(status.ToString());
        Reasons.Add(reason);
    }
}
