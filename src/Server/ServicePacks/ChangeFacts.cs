using Saltern.Server.Actions;

namespace Saltern.Server.ServicePacks;

/// <summary>All that is known of a change when it is looked at.</summary>
internal sealed record ChangeFacts
{
    public required ChangeState State { get; init; }

    public required bool DryRun { get; init; }

    /// <summary>Of the run's target; null when its action was deleted.</summary>
    public required TargetStatus? Target { get; init; }

    /// <summary>The target ended as a guess, or there was an attempt before: it may have run.</summary>
    public bool MayHaveRun { get; init; }

    /// <summary>Whether an earlier run within this change did something is not known.</summary>
    public bool Unproven { get; init; }

    /// <summary>The target failed for sure without a return: the call was refused, or the minion has no key.</summary>
    public bool NeverSent { get; init; }

    /// <summary>The target is picked up, and its deadline has passed or nobody knows where its minion is.</summary>
    public bool Overdue { get; init; }

    /// <summary>
    /// The target is picked up, and its minion has connected anew since: the job may have died with it.
    /// </summary>
    public bool StartedAnew { get; init; }

    /// <summary>The minion was asked for its record since it last connected anew.</summary>
    public bool AskedSince { get; init; }

    /// <summary>
    /// The minion was asked for its record before the target ended: the job may have come to it, and begun, after that.
    /// </summary>
    public bool AskedTooEarly { get; init; }

    /// <summary>The minion said since it last connected anew that it still has the job.</summary>
    public bool JobIsThere { get; init; }

    /// <summary>
    /// The minion is at another master than the one that handed out the job, which is where its job returns to.
    /// </summary>
    public bool Moved { get; init; }

    /// <summary>The minion returned that no state was run at all: what was called is not on its master, say.</summary>
    public bool NothingRan { get; init; }

    /// <summary>What a person decided, for the case that the minion does not.</summary>
    public PersonsOrder? Ordered { get; init; }

    /// <summary>What the minion said: in the return, or when it was asked for the recorded result.</summary>
    public RunReport? Report { get; init; }

    /// <summary>The packages of then against those of now, where the minion was asked for that.</summary>
    public PackageComparison? Compared { get; init; }
}
