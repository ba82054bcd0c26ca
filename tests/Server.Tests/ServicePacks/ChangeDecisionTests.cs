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
                Assert.Equal(facts.StartedAnew, step is not ChangeStep.Wait);
                Assert.False(step is ChangeStep.Revert);
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

    [Fact]
    public void That_a_run_has_not_begun_counts_when_it_is_said_after_the_job_was_given_up()
    {
        var facts = new ChangeFacts
        {
            State = ChangeState.Unknown, DryRun = false, Target = TargetStatus.Failed, MayHaveRun = true,
            Report = new RunReport { RunId = "r", Outcome = RunOutcome.NotBegun },
        };

        Assert.IsType<ChangeStep.Revert>(ChangeDecision.For(facts));
        Assert.IsType<ChangeStep.Ask>(ChangeDecision.For(facts with { AskedTooEarly = true }));
    }

    [Fact]
    public void Equal_packages_prove_nothing_of_an_earlier_run()
    {
        var facts = new ChangeFacts
        {
            State = ChangeState.Unknown, DryRun = false, Target = TargetStatus.Failed,
            Report = new RunReport { RunId = "r", Outcome = RunOutcome.Failed },
            Compared = new PackageComparison { RunId = "r", Changed = false },
        };

        Assert.IsType<ChangeStep.Revert>(ChangeDecision.For(facts));
        Assert.NotNull(Assert.IsType<ChangeStep.Keep>(ChangeDecision.For(facts with { Unproven = true })).Attention);
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
            if (without is not (ChangeStep.Ask { Attention: not null } or ChangeStep.Compare))
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
                    Assert.IsType<ChangeStep.Compare>(step);
                    break;
                case { Outcome: RunOutcome.Running }:
                    Assert.IsType<ChangeStep.Ask>(step);
                    break;
            }
        }
    }

    [Theory]
    [InlineData(true, false, false, false, "Keep")]
    [InlineData(true, true, true, false, "Keep")]
    [InlineData(false, false, false, false, "Revert")]
    [InlineData(null, true, false, false, "Revert")]
    [InlineData(null, false, false, false, "Compare")]
    [InlineData(false, false, true, false, "Compare")]
    [InlineData(false, true, true, false, "Revert")]
    [InlineData(null, false, false, true, "Revert")]
    public void Where_the_record_does_not_tell_the_packages_of_then_and_now_decide(
        bool? changed, bool neverBegan, bool transactional, bool ordered, string step)
    {
        var decided = ChangeDecision.For(new ChangeFacts
        {
            State = ChangeState.Unknown, DryRun = false, Target = TargetStatus.Failed,
            Report = new RunReport { RunId = "r", Outcome = RunOutcome.Failed, Transactional = transactional },
            Compared = new PackageComparison { RunId = "r", Changed = changed, NeverBegan = neverBegan },
            Ordered = ordered ? new PersonsOrder(false, "ann") : null,
        });

        Assert.Equal(step, decided.GetType().Name);
        Assert.Equal(step == "Keep", decided is ChangeStep.Keep { Attention: not null });
        Assert.Equal(step == "Revert", decided is ChangeStep.Revert { Confirm: true });
    }

    [Fact]
    public void While_another_attempt_may_get_the_same_result_nothing_is_decided_but_whether_the_run_goes_on()
    {
        foreach (var facts in All(dryRun: false, ChangeState.Open, ChangeState.Unknown).Where(IsOut)
            .Where(facts => facts.Overdue || facts.Target is TargetStatus.Queued))
        {
            var step = ChangeDecision.For(facts);
            Assert.True((facts.Report, facts.Target) switch
            {
                ({ Outcome: RunOutcome.Running }, _) => step is ChangeStep.Ask,
                ({ Outcome: not RunOutcome.NotBegun }, TargetStatus.PickedUp) => step is ChangeStep.Settle,
                (not null, _) => step is ChangeStep.Wait,
                (null, _) => step is ChangeStep.Wait or ChangeStep.Ask,
            }, $"{facts}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_in_time_is_let_alone_until_its_minion_connects_anew_and_then_its_record_says(bool dryRun)
    {
        foreach (var facts in All(dryRun, ChangeState.Open, ChangeState.Unknown)
            .Where(facts => facts is { Target: TargetStatus.PickedUp, Overdue: false }))
        {
            var step = ChangeDecision.For(facts);
            Assert.True(facts switch
            {
                { StartedAnew: false } => step is ChangeStep.Wait,
                { AskedSince: false } => step is ChangeStep.Ask { Attention: null },
                { Report: null } => step is ChangeStep.Ask { Attention: null, AndForJob: false },
                { Report.Outcome: RunOutcome.Running } => step is ChangeStep.Ask { Attention: null, AndForJob: true },
                { Report.Outcome: RunOutcome.NotBegun } => step is ChangeStep.LookForJob,
                _ => step is ChangeStep.Settle,
            }, $"{facts}");
            var withJob = ChangeDecision.For(facts with { JobIsThere = true });
            Assert.True(step is ChangeStep.LookForJob or ChangeStep.Ask { AndForJob: true }
                ? withJob is ChangeStep.Wait
                : withJob == step, $"{facts}");
            var elsewhere = ChangeDecision.For(facts with { JobIsThere = true, Moved = true });
            Assert.True(withJob is ChangeStep.Wait && facts.StartedAnew
                ? elsewhere is ChangeStep.Ask { Attention: null }
                : elsewhere == withJob, $"{facts}");
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
        from anew in target is TargetStatus.PickedUp ? [(false, false), (true, false), (true, true)]
            : new[] { (false, false) }
        from nothingRan in new[] { false, true }
        from report in Reports()
        select new ChangeFacts
        {
            State = state, DryRun = dryRun, Target = target, MayHaveRun = mayHaveRun, Overdue = overdue,
            StartedAnew = anew.Item1, AskedSince = anew.Item2, NothingRan = nothingRan, Report = report,
        };

    private static IEnumerable<RunReport?> Reports() =>
        (from outcome in Enum.GetValues<RunOutcome>()
         from changed in new bool?[] { null, false, true }
         select new RunReport { RunId = "r", Outcome = outcome, Changed = changed }).Prepend(null);
}
