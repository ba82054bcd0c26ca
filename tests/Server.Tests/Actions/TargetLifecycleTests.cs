using Saltern.Server.Actions;
using Xunit;

namespace Saltern.Server.Tests.Actions;

public sealed class TargetLifecycleTests
{
    [Fact]
    public void A_final_target_becomes_nothing_else_by_itself()
    {
        foreach (var from in Enum.GetValues<TargetStatus>().Where(TargetLifecycle.IsFinal))
        {
            Assert.DoesNotContain(Enum.GetValues<TargetStatus>(), to => TargetLifecycle.MayBecome(from, to));
        }
    }

    [Fact]
    public void Only_a_guess_gives_way_to_a_late_return()
    {
        Assert.True(TargetLifecycle.GivesWayToLateReturn(TargetStatus.Failed, guessed: true));
        Assert.False(TargetLifecycle.GivesWayToLateReturn(TargetStatus.Failed, guessed: false));
        Assert.False(TargetLifecycle.GivesWayToLateReturn(TargetStatus.Cancelled, guessed: true));
    }

    [Theory]
    [InlineData(3, 0, 0, 0, 0, 0, "Scheduled")]
    [InlineData(2, 0, 0, 0, 1, 0, "Scheduled")]
    [InlineData(2, 0, 0, 0, 0, 1, "Scheduled")]
    [InlineData(2, 1, 0, 0, 0, 0, "Running")]
    [InlineData(2, 0, 1, 0, 0, 0, "Running")]
    [InlineData(0, 1, 1, 1, 0, 0, "Running")]
    [InlineData(0, 0, 3, 0, 0, 0, "Completed")]
    [InlineData(0, 0, 2, 0, 1, 0, "Completed")]
    [InlineData(0, 0, 2, 1, 0, 0, "Failed")]
    [InlineData(0, 0, 2, 0, 0, 1, "Failed")]
    [InlineData(0, 0, 0, 0, 3, 0, "Cancelled")]
    public void The_status_of_an_action_follows_from_its_targets(
        int queued, int pickedUp, int completed, int failed, int cancelled, int skipped, string expected)
    {
        var counts = new TargetCounts(
            queued + pickedUp + completed + failed + cancelled + skipped,
            queued, pickedUp, completed, failed, cancelled, skipped);

        Assert.Equal(expected, TargetLifecycle.StatusOf(counts, started: false).ToString());
    }
}
