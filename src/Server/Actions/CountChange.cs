namespace Saltern.Server.Actions;

/// <summary>
/// By how much one action's counters move in one transaction. Those that wait for contact are picked up as well.
/// </summary>
internal sealed record CountChange(
    int Queued = 0, int PickedUp = 0, int Completed = 0, int Failed = 0, int Cancelled = 0, int Skipped = 0,
    int Waiting = 0)
{
    /// <summary>So many targets went from one status to another.</summary>
    public static CountChange Move(TargetStatus from, TargetStatus to, int targets) =>
        new CountChange().Plus(from, -targets).Plus(to, targets);

    /// <summary>So many picked-up targets ended, or went back; some of them had waited for contact.</summary>
    public static CountChange End(TargetStatus to, bool waited, int targets) =>
        Move(TargetStatus.PickedUp, to, targets) with { Waiting = waited ? -targets : 0 };

    public CountChange Plus(TargetStatus status, int targets) => status switch
    {
        TargetStatus.Queued => this with { Queued = Queued + targets },
        TargetStatus.PickedUp => this with { PickedUp = PickedUp + targets },
        TargetStatus.Completed => this with { Completed = Completed + targets },
        TargetStatus.Failed => this with { Failed = Failed + targets },
        TargetStatus.Cancelled => this with { Cancelled = Cancelled + targets },
        TargetStatus.Skipped => this with { Skipped = Skipped + targets },
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a status of a target"),
    };

    public static CountChange operator +(CountChange a, CountChange b) => new(
        a.Queued + b.Queued,
        a.PickedUp + b.PickedUp,
        a.Completed + b.Completed,
        a.Failed + b.Failed,
        a.Cancelled + b.Cancelled,
        a.Skipped + b.Skipped,
        a.Waiting + b.Waiting);
}
