using Saltern.Server.Actions;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>What becomes of the channels that a run was given, for all that may be known of it.</summary>
public sealed class ChangeDecisionTests
{
    private static readonly TargetStatus?[] Statuses = [null, .. Enum.GetValues<TargetStatus>().Cast<TargetStatus?>()];

    [Fact]
    public void A_dry_run_gives_its_channels_back_however_it_ends()
    {
        foreach (var facts in All(dryRun: true, ChangeState.Open, ChangeState.Unknown))
        {
            var step = ChangeDecision.For(facts);
            if (facts is { Target: TargetStatus.PickedUp, Overdue: false })
            {
                Assert.IsType<ChangeStep.Wait>(step);
            }
            else
            {
                Assert.False(Assert.IsType<ChangeStep.Revert>(step).Confirm);
            }
        }
    }

    [Fact]
    public void A_real_run_gives_them_back_only_by_proof_that_no_package_changed_or_if_it_never_began()
    {
        foreach (var facts in All(dryRun: false, ChangeState.Open, ChangeState.Unknown))
        {
            if (ChangeDecision.For(facts) is not ChangeStep.Revert revert)
            {
                continue;
            }

            var proved = facts.Report is { Outcome: RunOutcome.NotBegun }
                or { Changed: false, Outcome: RunOutcome.Failed or RunOutcome.Interrupted };
            var never = facts is
            {
                Report: null, MayHaveRun: false, Target: TargetStatus.Cancelled or TargetStatus.Skipped,
            }
                or { Report: null, MayHaveRun: false, Target: TargetStatus.Failed, NothingRan: true };
            Assert.True(proved || never, $"{facts}");
            Assert.Equal(proved, revert.Confirm);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_person_decides_only_what_the_minion_does_not(bool keep)
    {
        var decided = 0;
        foreach (var facts in All(dryRun: false, ChangeState.Open, ChangeState.Unknown)
            .Concat(All(dryRun: true, ChangeState.Open, ChangeState.Unknown)))
        {
            var (without, with) = (
                ChangeDecision.For(facts), ChangeDecision.For(facts with { Ordered = new PersonsOrder(keep, "ann") }));
            if (without is not ChangeStep.Ask)
            {
                Assert.Equal(without, with);
                continue;
            }

            decided++;
            Assert.True(
                keep ? with is ChangeStep.Keep { Attention: null } : with is ChangeStep.Revert { Confirm: true });
        }

        Assert.True(decided > 0);
    }

    [Fact]
    public void A_success_keeps_them_and_a_half_done_run_keeps_them_for_a_person_to_look_at()
    {
        foreach (var facts in All(dryRun: false, ChangeState.Open, ChangeState.Unknown).Where(facts => !IsOut(facts)))
        {
            var step = ChangeDecision.For(facts);
            switch (facts.Report)
            {
                case { Outcome: RunOutcome.Succeeded or RunOutcome.NothingToDo }:
                    Assert.Null(Assert.IsType<ChangeStep.Keep>(step).Attention);
                    break;
                case { Outcome: RunOutcome.Failed or RunOutcome.Interrupted, Changed: true }:
                    Assert.Contains("run the migration again", Assert.IsType<ChangeStep.Keep>(step).Attention!);
                    break;
                case { Outcome: RunOutcome.Failed or RunOutcome.Interrupted, Changed: null }:
                case { Outcome: RunOutcome.Running }:
                    Assert.IsType<ChangeStep.Ask>(step);
                    break;
            }
        }
    }

    [Fact]
    public void While_another_attempt_may_get_the_same_result_nothing_is_decided_but_whether_the_run_goes_on()
    {
        foreach (var facts in All(dryRun: false, ChangeState.Open, ChangeState.Unknown).Where(IsOut))
        {
            var step = ChangeDecision.For(facts);
            Assert.True(facts.Report switch
            {
                { Outcome: RunOutcome.Running } => step is ChangeStep.Ask,
                not null => step is ChangeStep.Wait,
                null => step is ChangeStep.Wait or ChangeStep.Ask,
            }, $"{facts}");
        }
    }

    [Fact]
    public void A_guess_and_an_overdue_run_are_asked_about_and_never_decided_by_time()
    {
        Assert.IsType<ChangeStep.Ask>(Decide(TargetStatus.Failed, mayHaveRun: true));
        Assert.IsType<ChangeStep.Ask>(Decide(TargetStatus.PickedUp, overdue: true));
        Assert.IsType<ChangeStep.Ask>(Decide(TargetStatus.Cancelled, mayHaveRun: true));
        Assert.IsType<ChangeStep.Wait>(Decide(TargetStatus.Queued, mayHaveRun: true));
    }

    [Fact]
    public void A_late_proof_of_change_gives_the_new_channels_again_and_nothing_else_does()
    {
        foreach (var facts in All(dryRun: false, ChangeState.Reverting, ChangeState.Reverted))
        {
            var ran = facts.Report is { Outcome: RunOutcome.Succeeded or RunOutcome.NothingToDo } or { Changed: true };
            Assert.Equal(ran, ChangeDecision.For(facts) is ChangeStep.Keep { Assign: true, Attention: not null });
        }

        Assert.All(
            All(dryRun: true, ChangeState.Reverting, ChangeState.Reverted),
            facts => Assert.IsType<ChangeStep.Wait>(ChangeDecision.For(facts)));
    }

    private static bool IsOut(ChangeFacts facts) => facts.Target is TargetStatus.PickedUp or TargetStatus.Queued;

    private static ChangeStep Decide(TargetStatus status, bool mayHaveRun = false, bool overdue = false) =>
        ChangeDecision.For(new ChangeFacts
        {
            State = ChangeState.Open, DryRun = false, Target = status, MayHaveRun = mayHaveRun, Overdue = overdue,
        });

    private static IEnumerable<ChangeFacts> All(bool dryRun, params ChangeState[] states) =>
        from state in states
        from target in Statuses
        from mayHaveRun in new[] { false, true }
        from overdue in target is TargetStatus.PickedUp ? [false, true] : new[] { false }
        from nothingRan in new[] { false, true }
        from report in Reports()
        select new ChangeFacts
        {
            State = state, DryRun = dryRun, Target = target, MayHaveRun = mayHaveRun, Overdue = overdue,
            NothingRan = nothingRan, Report = report,
        };

    private static IEnumerable<RunReport?> Reports() =>
        (from outcome in Enum.GetValues<RunOutcome>()
         from changed in new bool?[] { null, false, true }
         select new RunReport { RunId = "r", Outcome = outcome, Changed = changed }).Prepend(null);
}
