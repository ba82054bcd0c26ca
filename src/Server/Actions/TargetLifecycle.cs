namespace Saltern.Server.Actions;

/// <summary>
/// The one table of what a target may become. Every statement that changes a status names the status it expects, so
/// that a lost race is zero rows; this table is what those statements are checked against.
/// </summary>
internal static class TargetLifecycle
{
    /// <summary>Whether nothing more is going to happen to a target by itself.</summary>
    public static bool IsFinal(TargetStatus status) => status is not (TargetStatus.Queued or TargetStatus.PickedUp);

    /// <summary>What the course of things may make of a target.</summary>
    public static bool MayBecome(TargetStatus from, TargetStatus to) => (from, to) switch
    {
        (TargetStatus.Queued, TargetStatus.PickedUp) => true,
        (TargetStatus.Queued, TargetStatus.Cancelled) => true,
        (TargetStatus.Queued, TargetStatus.Skipped) => true, // expired, or found unfit when its turn came
        (TargetStatus.PickedUp, TargetStatus.Queued) => true, // the call never left us, or the minion was busy
        (TargetStatus.PickedUp, TargetStatus.Cancelled) => true, // the same, and the action was cancelled meanwhile
        (TargetStatus.PickedUp, TargetStatus.Completed) => true,
        (TargetStatus.PickedUp, TargetStatus.Failed) => true,
        _ => false,
    };

    /// <summary>A user's order to run a final target again: a new attempt, the earlier ones stay on record.</summary>
    public static bool MayBeRescheduled(TargetStatus from) => IsFinal(from);

    /// <summary>Whether a late return replaces what stands: only a guess gives way to the truth.</summary>
    public static bool GivesWayToLateReturn(TargetStatus status, bool guessed) =>
        status == TargetStatus.Failed && guessed;

    /// <summary>The status of an action whose targets stand so.</summary>
    public static ActionStatus StatusOf(TargetCounts counts, bool started)
    {
        if (counts.PickedUp + counts.Queued > 0)
        {
            var begun = started || counts.PickedUp + counts.Completed + counts.Failed > 0;
            return begun ? ActionStatus.Running : ActionStatus.Scheduled;
        }

        if (counts.Failed + counts.Skipped > 0)
        {
            return ActionStatus.Failed;
        }

        return counts.Completed > 0 ? ActionStatus.Completed : ActionStatus.Cancelled;
    }
}
