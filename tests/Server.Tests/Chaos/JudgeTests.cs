using Saltern.Chaos;
using Saltern.Chaos.Migrations;
using Saltern.Contract;
using Saltern.Simulator.Ledger;

namespace Saltern.Server.Tests.Chaos;

/// <summary>A judge that finds nothing proves nothing: each thing it is to find, it finds.</summary>
public sealed class JudgeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Completed", 0)]
    [InlineData("Failed", 1)]
    public void A_status_as_the_run_ended_is_right(string status, int retcode) =>
        Assert.True(JudgeOne(Target(status, "a"), Ran("a", retcode: retcode)).IsRight);

    [Fact]
    public void A_guess_about_what_never_ran_or_was_interrupted_is_right()
    {
        Assert.True(JudgeOne(Target("Failed", "a") with { Guessed = true }).IsRight);
        var verdict = JudgeOne(
            Target("Failed", "a") with { Guessed = true },
            Ran("a", stored: 0) with { Outcome = LedgerOutcome.Interrupted });
        Assert.True(verdict.IsRight);
        Assert.Empty(verdict.GuessedAndRan);
        Assert.Equal(1, verdict.Guessed);
    }

    [Theory]
    [InlineData("Completed")]
    [InlineData("Failed")]
    public void Of_a_job_that_broke_off_the_record_of_its_run_may_tell_where_there_is_one(string status)
    {
        var broken = Ran("a", stored: 0) with { Outcome = LedgerOutcome.Interrupted };

        Assert.True(JudgeOne(Target(status, "a") with { IsOnRecord = true }, broken).IsRight);
        Assert.Single(JudgeOne(Target(status, "a"), broken).WrongStatus);
        Assert.Single(JudgeOne(Target(status, "a") with { IsOnRecord = true }).WrongStatus);
    }

    [Theory]
    [InlineData("Queued")]
    [InlineData("PickedUp")]
    public void What_is_not_final_is_lost(string status) => Assert.Single(JudgeOne(Target(status)).Lost);

    [Fact]
    public void A_job_that_ran_twice_is_found()
    {
        var target = Target("Completed", "a");

        Assert.Single(JudgeOne(target with { SafeToRepeat = false }, Ran("a", times: 2)).RunTwice);
        Assert.Single(JudgeOne(target, Ran("a", times: 3)).RunTwice);
        Assert.Empty(JudgeOne(target, Ran("a", times: 2)).RunTwice);
        Assert.Single(JudgeOne(target, Ran("a", times: 2)).ResentAfterRestart);
    }

    [Fact]
    public void What_is_not_safe_to_repeat_may_run_once_more_only_for_each_order_to_reschedule()
    {
        var target = Target("Completed", "a", "b") with { SafeToRepeat = false };

        Assert.Single(JudgeOne(target, Ran("a"), Ran("b")).RunTwice);
        Assert.True(JudgeOne(target with { Reschedules = 1 }, Ran("a"), Ran("b")).IsRight);
        Assert.Single(JudgeOne(target with { SafeToRepeat = true }, Ran("a"), Ran("b")).Repeated);
    }

    [Fact]
    public void A_job_that_no_attempt_owns_is_found() =>
        Assert.Single(JudgeOne(Target("Cancelled"), Ran("gone")).RunTwice);

    [Fact]
    public void A_status_that_is_not_how_the_run_ended_is_wrong()
    {
        Assert.Single(JudgeOne(Target("Completed", "a"), Ran("a", retcode: 2)).WrongStatus);
        Assert.Single(JudgeOne(Target("Failed", "a"), Ran("a")).WrongStatus);
        Assert.Single(JudgeOne(Target("Completed", "a")).WrongStatus);
        Assert.Single(JudgeOne(
            Target("Completed", "a"), Ran("a") with { Outcome = LedgerOutcome.Interrupted }).WrongStatus);
    }

    [Fact]
    public void A_guess_although_the_return_is_there_is_wrong()
    {
        var guess = Target("Failed", "a") with { Guessed = true };

        Assert.Single(JudgeOne(guess, Ran("a")).WrongStatus);
        Assert.Single(JudgeOne(guess, Ran("a", stored: 0)).GuessedAndRan);
    }

    [Fact]
    public void A_run_after_the_cancel_is_wrong()
    {
        var target = Target("Cancelled", "a") with { SettledAt = Noon };

        Assert.Single(JudgeOne(target, Ran("a") with { StartedAt = Noon.AddSeconds(5) }).WrongStatus);
        Assert.True(JudgeOne(target, Ran("a") with { StartedAt = Noon.AddSeconds(-5) }).IsRight);
    }

    [Fact]
    public void The_same_seed_plans_the_same_faults_and_orders()
    {
        var options = new ChaosOptions { Length = TimeSpan.FromMinutes(1), Seed = 7 };

        Assert.Equal(
            FaultPlan.For(options).SelectMany(lane => lane), FaultPlan.For(options).SelectMany(lane => lane));
        Assert.Equal(Texts(options), Texts(options));
        Assert.NotEqual(Texts(options), Texts(options with { Seed = 8 }));
    }

    [Fact]
    public void The_short_run_of_the_tests_orders_dry_runs_real_ones_and_channels()
    {
        var plan = MigrationPlan.For(ChaosTests.Options(seed: 1));
        var migrations = plan.Select(order => order.Action).OfType<ActionRequest>().ToList();

        Assert.All([true, false], dryRun => Assert.Contains(
            migrations, action => action.Arguments!.Value.GetProperty("dryRun").GetBoolean() == dryRun));
        Assert.All(
            ["assign", "reschedule"], verb => Assert.Contains(plan, order => order.Verb == verb));
    }

    private static IEnumerable<string> Texts(ChaosOptions options) => OrderPlan.For(options)
        .Concat(MigrationPlan.For(options))
        .Select(order => $"{order.At} {order.Node} {order.Verb} {order.Back} {order.Action?.Arguments}");

    private static Verdict JudgeOne(TargetEnd target, params LedgerEntry[] runs) => Judge.Of(
        [target], runs.ToDictionary(run => ("east", run.MinionId, run.Jid)),
        runs.Select(run => run.Jid).ToHashSet());

    private static TargetEnd Target(string status, params string[] jids) => new()
    {
        Action = 1,
        Master = "east",
        Minion = "minion0001",
        SafeToRepeat = true,
        Status = status,
        Attempts = [.. jids.Select((jid, index) => new AttemptMade(index + 1, jid, Busy: false))],
    };

    private static LedgerEntry Ran(string jid, int times = 1, int retcode = 0, int stored = 1) => new(
        jid, "minion0001", "test.ping", "", Noon, times, 0, 1, stored, retcode, LedgerOutcome.Ended);
}
