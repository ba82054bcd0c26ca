using FsCheck;
using FsCheck.Fluent;
using Saltern.Server.Actions;
using Saltern.Server.Dispatch;
using Xunit;

namespace Saltern.Server.Tests.Dispatch;

public sealed class DispatchPlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_ready_is_cut_into_submissions_of_bearable_length()
    {
        var plan = DispatchPlan.For([Due(1, ready: 4_500)], 0, new DispatchLimits(10_000, 2_000), Now);

        Assert.Equal([2_000, 2_000, 500], plan.Select(batch => batch.Targets));
    }

    [Fact]
    public void The_masters_free_places_bound_what_is_handed_out()
    {
        var plan = DispatchPlan.For([Due(1, ready: 50), Due(2, ready: 50)], 40, new DispatchLimits(100, 2_000), Now);

        Assert.Equal([(1L, 50), (2L, 10)], plan.Select(batch => (batch.Action.Id.Value, batch.Targets)));
    }

    [Fact]
    public void A_batch_size_is_a_moving_window_over_what_is_in_flight()
    {
        var due = Due(1, ready: 100) with { BatchSize = 10, InFlight = 7 };

        Assert.Equal(3, Assert.Single(DispatchPlan.For([due], 7, new DispatchLimits(100, 2_000), Now)).Targets);
    }

    [Theory]
    [InlineData(200, 10, 20)]
    [InlineData(7, 10, 1)]
    [InlineData(7, 100, 7)]
    public void A_percentage_is_of_all_targets_and_lets_at_least_one_run(int total, int percent, int expected)
    {
        var due = Due(1, ready: total) with { BatchPercent = percent, Total = total };

        Assert.Equal(
            expected, DispatchPlan.For([due], 0, new DispatchLimits(1_000, 2_000), Now).Sum(batch => batch.Targets));
    }

    [Fact]
    public void What_is_not_due_or_has_expired_is_left_alone()
    {
        var early = Due(1, ready: 5) with { EarliestAt = Now.AddSeconds(1) };
        var late = Due(2, ready: 5) with { ExpiresAt = Now };

        Assert.Empty(DispatchPlan.For([early, late], 0, new DispatchLimits(100, 100), Now));
    }

    [Fact]
    public void A_master_that_is_full_or_over_full_gets_nothing()
    {
        Assert.Empty(DispatchPlan.For([Due(1, ready: 5)], 100, new DispatchLimits(100, 100), Now));
        Assert.Empty(DispatchPlan.For([Due(1, ready: 5)], 140, new DispatchLimits(100, 100), Now));
    }

    [Fact]
    public void No_plan_ever_exceeds_a_limit_or_hands_out_what_is_not_ready()
    {
        var amounts = Gen.Choose(0, 500).Four().SelectMany(
            amount => Gen.Choose(1, 300).Three(), (amount, limit) => (amount, limit)).ToArbitrary();
        Prop.ForAll(amounts, sample =>
        {
            var ((readyA, readyB, inFlightA, inFlight), (most, names, window)) = sample;
            var a = Due(1, readyA) with { BatchSize = window, InFlight = inFlightA };
            var plan = DispatchPlan.For([a, Due(2, readyB)], inFlight, new DispatchLimits(most, names), Now);
            var ofA = plan.Where(batch => batch.Action.Id.Value == 1).Sum(batch => batch.Targets);
            var ofB = plan.Where(batch => batch.Action.Id.Value == 2).Sum(batch => batch.Targets);
            return ofA + ofB <= Math.Max(0, most - inFlight) && ofA <= readyA && ofB <= readyB
                && ofA <= Math.Max(0, window - inFlightA)
                && plan.All(batch => batch.Targets > 0 && batch.Targets <= names);
        }).QuickCheckThrowOnFailure();
    }

    private static DueAction Due(long id, int ready) => new(
        new ActionId(id), "ping", Now.AddMinutes(-1), Now.AddHours(1), TimeSpan.FromMinutes(1), null, null, false,
        ready, ready, 0);
}
