using System.Text.Json;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Fleet;

namespace Saltern.Server.Results;

/// <summary>What reading bodies found in one batch, by the ids of inbox rows.</summary>
internal sealed class ReadReturns
{
    private readonly Dictionary<long, (TargetStatus Status, string? Reason)> outcomes = [];

    /// <summary>Targets whose minion was busy: back to the queue.</summary>
    public List<(ReturnToRead Return, string Reason)> Busy { get; } = [];

    /// <summary>Targets whose minion is to be asked later.</summary>
    public List<(ReturnToRead Return, TimeSpan After, string Reason)> AskLater { get; } = [];

    /// <summary>Answers to asks from before a pick-up.</summary>
    public List<(ReturnToRead Return, string Answer)> Answers { get; } = [];

    /// <summary>Asks after a pick-up that decided their target.</summary>
    public List<(ReturnToRead Return, TargetStatus Status, string? Reason)> Decided { get; } = [];

    /// <summary>Answers about jobs that are overdue or to be stopped, and to pings.</summary>
    public List<(ReturnToRead Return, WatchAnswer Answer)> WatchAnswers { get; } = [];

    /// <summary>Grains that the fleet has not learned yet.</summary>
    public List<(MinionKey Minion, JsonElement Grains)> Grains { get; } = [];

    /// <summary>Products and repositories that are not kept yet.</summary>
    public List<(MinionKey Minion, InstalledSoftware Software)> Software { get; } = [];

    /// <summary>Inbox rows that this batch had no room for any more; the next one begins with them.</summary>
    public HashSet<long> LeftForLater { get; } = [];

    /// <summary>All of these fail their targets, for this reason.</summary>
    public static ReadReturns Unreadable(IEnumerable<TakenReturn> taken, string reason)
    {
        var read = new ReadReturns();
        foreach (var one in taken)
        {
            read.outcomes.Add(one.InboxId, (TargetStatus.Failed, reason));
        }

        return read;
    }

    /// <summary>Inbox rows that the set-based statements must leave alone.</summary>
    public HashSet<long> Apart =>
    [
        .. Busy.Select(one => one.Return.InboxId),
        .. AskLater.Select(one => one.Return.InboxId),
        .. Answers.Select(one => one.Return.InboxId),
        .. Decided.Select(one => one.Return.InboxId),
        .. WatchAnswers.Select(one => one.Return.InboxId),
    ];

    /// <summary>
    /// What became of the target: by its body, or by its return code where no body was read. Of a return set apart it
    /// is what to say when its target waits for it no more.
    /// </summary>
    public (TargetStatus Status, string? Reason) OutcomeOf(TakenReturn one)
    {
        if (outcomes.TryGetValue(one.InboxId, out var outcome))
        {
            return outcome;
        }

        return one.Success ? (TargetStatus.Completed, null) : (TargetStatus.Failed, "the minion reported a failure");
    }

    public void Add(ReturnToRead read, TargetOutcome outcome)
    {
        switch (outcome)
        {
            case TargetOutcome.Completed completed:
                if (completed.Grains is { } grains)
                {
                    Grains.Add((read.Minion, grains));
                }

                if (completed.Software is { } software)
                {
                    Software.Add((read.Minion, software));
                }

                Settle(read, TargetStatus.Completed, completed.Reason);
                break;
            case TargetOutcome.Failed failed:
                Settle(read, TargetStatus.Failed, failed.Reason);
                break;
            case TargetOutcome.Busy busy:
                Busy.Add((read, busy.Reason));
                outcomes.Add(read.InboxId, (TargetStatus.Failed, $"it did not run: {busy.Reason}"));
                break;
            case TargetOutcome.AskLater later:
                AskLater.Add((read, later.After, later.Reason));
                outcomes.Add(read.InboxId, (TargetStatus.Failed,
                    "the return came after the target had ended, and the minion was not asked any more: "
                    + later.Reason));
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

        outcomes.Add(read.InboxId, (status, reason));
    }
}
