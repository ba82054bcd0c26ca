using Saltern.Server.Actions;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Decides what becomes of the channels that a run was given. A dry run always gives them back, however it ended, and
/// the minion need not hear of it: a dry run has its repositories in a folder of its own. A real run keeps them when it
/// succeeded or changed a package; it gives them back only when the minion itself proves that no package changed, never
/// because time passed. In between they stay, for a person to look at, and the minion is asked; the person may decide
/// where the minion does not. Pure.
/// </summary>
internal static class ChangeDecision
{
    private const string Repair = "run the migration again: zypper dup goes on from where it stands";

    private static readonly ChangeStep NothingByThisRun = new ChangeStep.Keep(
        "this run changed no package, but whether the one before it did is not known; look at the minion, "
        + "and run the migration again or roll it back");

    public static ChangeStep For(ChangeFacts facts) => facts.State switch
    {
        ChangeState.Open or ChangeState.Unknown => facts switch
        {
            { Target: TargetStatus.PickedUp, Overdue: false } => UnderWay(facts),
            { DryRun: true } => ForDryRun(facts),
            { Ordered: { } order } when ForRealRun(facts) is ChangeStep.Ask or ChangeStep.Compare => ByPerson(order),
            _ => ForRealRun(facts),
        },
        ChangeState.Reverting when facts.Ordered is { Release: true, By: var by } => new ChangeStep.Release(
            $"{by} gave up waiting for the minion to confirm the channels of before; it may still have others"),
        ChangeState.Reverting or ChangeState.Reverted => AfterReversal(facts),
        _ => new ChangeStep.Wait(),
    };

    /// <summary>
    /// A run that is in time is let alone, unless its minion has connected anew since: the job may have died with the
    /// minion, and would be missed at its deadline only. The minion's record says what became of the run, and what is
    /// final there ends the target. Where a run goes on, or none was begun, it matters whether the job is still there:
    /// if so, it was a mere reconnect, and the job will return; if not, the rules for jobs that are lost decide. A job
    /// returns to the master that handed it out: once its minion has gone to another one, it may return to nobody.
    /// </summary>
    private static ChangeStep UnderWay(ChangeFacts facts) => facts switch
    {
        { StartedAnew: false } => new ChangeStep.Wait(),
        { AskedSince: false } or { Report: null } => new ChangeStep.Ask(),
        { Report.Outcome: RunOutcome.Running or RunOutcome.NotBegun, JobIsThere: true, Moved: true } =>
            new ChangeStep.Ask(),
        { Report.Outcome: RunOutcome.Running or RunOutcome.NotBegun, JobIsThere: true } => new ChangeStep.Wait(),
        { Report.Outcome: RunOutcome.Running } => new ChangeStep.Ask(AndForJob: true),
        { Report.Outcome: RunOutcome.NotBegun } => new ChangeStep.LookForJob(),
        _ => new ChangeStep.Settle(),
    };

    private static ChangeStep ForDryRun(ChangeFacts facts) => facts.Target switch
    {
        TargetStatus.PickedUp => new ChangeStep.Revert(false, "the dry run is overdue"),
        TargetStatus.Completed => new ChangeStep.Revert(false, "the dry run has ended"),
        TargetStatus.Queued => new ChangeStep.Revert(false, "the dry run did not run; it is tried again"),
        _ => new ChangeStep.Revert(false, "the dry run came to nothing"),
    };

    private static ChangeStep ForRealRun(ChangeFacts facts) => facts switch
    {
        // A run is decided once, with its target: what is final on the minion's record ends the attempt that is out,
        // and the next attempt gets it, or, where the run never began, begins it.
        { Report.Outcome: not (RunOutcome.Running or RunOutcome.NotBegun), Target: TargetStatus.PickedUp } =>
            new ChangeStep.Settle(),
        { Report.Outcome: not RunOutcome.Running, Target: TargetStatus.PickedUp or TargetStatus.Queued } =>
            new ChangeStep.Wait(),
        { Report.Outcome: RunOutcome.NotBegun, AskedTooEarly: true } => new ChangeStep.Ask(
            "the minion had no trace of the run before it counted as lost, and is asked once more"),
        { Unproven: true, Report: { Changed: false } or { Outcome: RunOutcome.NotBegun } } => NothingByThisRun,
        { Report: { Outcome: RunOutcome.Failed or RunOutcome.Interrupted, Changed: null } report } =>
            ByComparison(report, facts.Compared) is var step && step is ChangeStep.Revert && facts.Unproven
                ? NothingByThisRun
                : step,
        { Report: { } report } => ByReport(report),
        { Target: TargetStatus.Completed } => new ChangeStep.Keep(),
        { Target: TargetStatus.Queued } => new ChangeStep.Wait(),
        { Target: TargetStatus.Cancelled or TargetStatus.Skipped, MayHaveRun: false } =>
            new ChangeStep.Revert(false, "the run was never begun"),
        { Target: TargetStatus.Failed, NeverSent: true, MayHaveRun: false } =>
            new ChangeStep.Revert(false, "the run was never sent to the minion"),
        { Target: TargetStatus.Failed, NothingRan: true, MayHaveRun: false } =>
            new ChangeStep.Revert(false, "the minion returned that it could run none of the states"),
        { Target: TargetStatus.PickedUp } =>
            new ChangeStep.Ask("the run is overdue and the minion does not say how it ended"),
        _ => new ChangeStep.Ask("the run ended without saying whether packages changed"),
    };

    private static ChangeStep ByReport(RunReport report) => report switch
    {
        { Outcome: RunOutcome.Running } => new ChangeStep.Ask("the run goes on, by the minion's own record"),
        { Outcome: RunOutcome.Succeeded or RunOutcome.NothingToDo } => new ChangeStep.Keep(),
        { Outcome: RunOutcome.NotBegun } => new ChangeStep.Revert(true, "the minion has no trace of the run"),
        { Changed: false } => new ChangeStep.Revert(true, $"the run failed and changed no package: {report.Comment}"),
        _ => new ChangeStep.Keep($"the run failed half-way: {report.Comment} To repair, {Repair}."),
    };

    /// <summary>
    /// The recorded result will never tell more, the packages of then and now may. What a transactional update changed
    /// is there after the next boot only: that no package differs proves nothing of it.
    /// </summary>
    private static ChangeStep ByComparison(RunReport report, PackageComparison? compared) => compared switch
    {
        { Changed: true } => new ChangeStep.Keep(
            $"the run failed half-way, and {compared.Packages} packages differ from those when it began: "
            + $"{report.Comment} To repair, {Repair}."),
        { NeverBegan: true } or { Changed: false }
            when compared.NeverBegan || !report.Transactional =>
            new ChangeStep.Revert(
                true, $"the run failed, and the packages are those of when it began: {report.Comment}"),
        null => new ChangeStep.Compare($"the run failed, and whether packages changed is not known: {report.Comment}"),
        _ => new ChangeStep.Compare(
            "the run failed, and the minion cannot tell whether packages changed"
            + (report.Transactional ? " before it boots again" : "") + $"; look at it and decide: {report.Comment}"),
    };

    /// <summary>What the minion proves comes before what a person decides.</summary>
    private static ChangeStep ByPerson(PersonsOrder order) => order.Keep
        ? new ChangeStep.Keep(
            Reason: $"kept by {order.By}, since the minion did not say how the run ended", Apply: true)
        : new ChangeStep.Revert(true, $"taken back by {order.By}, since the minion did not say how the run ended");

    /// <summary>A late proof of change: the channels fit what is installed now, not those of before.</summary>
    private static ChangeStep AfterReversal(ChangeFacts facts)
    {
        var ran = !facts.DryRun && facts.Report is { } report
            && (report.Changed is true || report.Outcome is RunOutcome.Succeeded or RunOutcome.NothingToDo);
        return ran
            ? new ChangeStep.Keep(
                "the minion said after the channels had been taken back that the run did take place; they are "
                + "assigned again",
                Assign: true)
            : new ChangeStep.Wait();
    }
}
