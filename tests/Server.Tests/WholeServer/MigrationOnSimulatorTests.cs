using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Software;
using Xunit;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>
/// Migrations of a whole server on simulated minions. Whatever becomes of a run, in the end the repositories that a
/// minion really has are those on the server's record.
/// </summary>
public sealed class MigrationOnSimulatorTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Real = """, "dryRun": false""";

    // One minion for each.
    private static readonly DupSetting[] Ends =
    [
        new() { Outcome = DupOutcome.Succeeded },
        new() { Outcome = DupOutcome.NothingToDo },
        new() { Outcome = DupOutcome.VendorChange },
        new() { Outcome = DupOutcome.Conflict },
        new() { Removals = 3 },
        new() { Outcome = DupOutcome.RepositoryUnreachable },
        new() { Outcome = DupOutcome.PackageGone },
        new() { Outcome = DupOutcome.HalfDone },
        new() { Outcome = DupOutcome.Signature },
        new() { Outcome = DupOutcome.Untold },
        new() { Outcome = DupOutcome.UntoldUnchanged },
        new() { Outcome = DupOutcome.Transactional },
    ];

    private MigrationScene scene = null!;

    public async ValueTask InitializeAsync()
    {
        scene = await MigrationScene.OpenAsync(postgres, Ends.Length);
        for (var minion = 1; minion <= Ends.Length; minion++)
        {
            scene.Set(minion, Ends[minion - 1]);
        }
    }

    public async ValueTask DisposeAsync() => await scene.DisposeAsync();

    [Fact]
    public async Task A_dry_run_tells_what_would_be_and_leaves_everything_as_it_was()
    {
        var action = await scene.OrderAsync(""", "removeLimit": 2""");

        var report = await scene.UntilDecidedAsync(action);

        Assert.Equal(
            [
                "Completed Reverted old", "Completed Reverted old", "Completed Reverted old", "Failed Reverted old",
                "Failed Reverted old", "Failed Reverted old", "Completed Reverted old", "Completed Reverted old",
                "Failed Reverted old", "Completed Reverted old", "Completed Reverted old", "Completed Reverted old",
            ],
            await EndsAsync(action));
        Assert.Equal((12, 8, 1, 4, 0), (
            report.Targets, report.Succeeded, report.NothingToDo, report.Failed, report.Attention));
        Assert.Equal(
            ["conflict", "removal_limit", "repository_unreachable", "signature"],
            report.Failures.Select(group => group.Word).Order(StringComparer.Ordinal));
        Assert.All(Minions, minion => Assert.Equal(("15.5", false), (
            scene.Version(minion), scene.Runs(minion).Single().Changed)));
        await scene.AssertRecordIsRealityAsync();
    }

    [Fact]
    public async Task A_real_run_keeps_the_channels_where_it_succeeded_or_changed_a_package_and_nowhere_else()
    {
        var action = await scene.OrderAsync(Real + """, "removeLimit": 2""");

        var report = await scene.UntilDecidedAsync(action);

        Assert.Equal(
            [
                "Completed Kept new", "Completed Kept attention new", "Completed Kept new", "Failed Reverted old",
                "Failed Reverted old", "Failed Reverted old", "Failed Reverted old", "Failed Kept attention new",
                "Failed Reverted old", "Failed Kept attention new", "Failed Reverted old", "Completed Kept new",
            ],
            await EndsAsync(action));
        Assert.Equal(2, await scene.Rig.Database.ScalarAsync<long>("""
            select count(*) from action_target t join action a on a.id = t.action_id
            where a.kind = 'servicepack.changes' and t.status = 'Completed'
            """));
        Assert.Equal((4, 1, 8, 3), (report.Succeeded, report.NothingToDo, report.Failed, report.Attention));
        // The one with nothing to do has the product of before; the transactional one will have the new one.
        Assert.Equal((2, 1, 1), (report.Verified, report.Differing, report.NotYetVerified));
        Assert.Equal(
            [
                "Leap 15.5 x86_64 is still installed", "Leap 15.6 x86_64 is not installed",
                "what it changed is there after the next boot",
            ],
            report.FoundAfter.Select(group => group.Text!).Order(StringComparer.Ordinal));
        Assert.Equal(
            [true, false, true, false, false, false, false, true, false, true, false, true],
            Minions.Select(minion => scene.Runs(minion).Single().Changed));
        Assert.Equal(("15.6", "15.5"), (scene.Version(1), scene.Version(Ends.Length)));
        Assert.Equal("Leap 15.6", await ProductOnRecordAsync(1));
        await scene.AssertRecordIsRealityAsync();

        Assert.True(scene.Rig.Master.Reboot(MigrationScene.Minion(Ends.Length)));
        await ServerRig.UntilAsync(
            () => Task.FromResult(scene.Version(Ends.Length)), version => version == "15.6", "it has booted");
        await ReasonAsync("products.refresh", "{}", Ends.Length);
        await ReasonAsync("repositories.refresh", "{}", Ends.Length);
        await ServerRig.UntilAsync(
            () => scene.Rig.Get<MigrationReport>().OfAsync(action, CancellationToken.None),
            later => later is { Verified: 3, NotYetVerified: 0 }, "what is there after the boot is verified");
    }

    [Fact]
    public async Task After_a_dry_run_the_real_one_does_what_it_told_and_the_half_done_one_is_repaired_by_another()
    {
        const string Choice = """, "removeLimit": 5""";
        await scene.UntilDecidedAsync(await scene.OrderAsync(Choice));
        var action = await scene.OrderAsync(Real + Choice + """, "requireDryRunDays": 1""");
        var report = await scene.UntilDecidedAsync(action);
        scene.Set(8, new DupSetting());
        await scene.Rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await scene.UntilDecidedAsync(action);

        Assert.Equal(3, report.Others.Sum(group => group.Minions));
        Assert.Empty(report.Differences);
        Assert.Equal("15.6", scene.Version(8));
        Assert.Equal(["failed", "succeeded"], scene.Runs(8).Skip(1).Select(run => run.Outcome));
        await scene.AssertRecordIsRealityAsync();
    }

    [Theory]
    [InlineData(DupOutcome.Outlived, "Completed Kept new")]
    [InlineData(DupOutcome.Interrupted, "Failed Kept attention new")]
    [InlineData(DupOutcome.InterruptedUnchanged, "Failed Reverted old")]
    public async Task Of_a_minion_that_dies_in_a_real_run_the_record_on_it_is_found(DupOutcome outcome, string end)
    {
        foreach (var minion in Minions)
        {
            scene.Set(minion, new DupSetting { Outcome = outcome });
        }

        // Its deadline is hours away: that it connects anew is the cause to ask.
        var action = await scene.OrderAsync(Real);
        await scene.UntilDecidedAsync(action);

        Assert.All(await EndsAsync(action), each => Assert.Equal(end, each));
        Assert.All(Minions, minion => Assert.Equal(1, scene.Runs(minion).Single().TimesBegun));
        await scene.AssertRecordIsRealityAsync();
    }

    [Fact]
    public async Task A_minion_that_restarts_while_zypper_goes_on_is_not_made_to_run_it_twice()
    {
        foreach (var minion in Minions)
        {
            scene.Set(minion, new DupSetting { Seconds = 4 });
        }

        scene.Rig.Master.Faults.Set(FaultNames.MinionRestart, function: "state.apply", count: 4);

        var action = await scene.OrderAsync(Real + """, "rebootAfter": true""", deadlineSeconds: 2);
        await scene.UntilDecidedAsync(action, exceptFollowing: true);

        Assert.All(await EndsAsync(action), each => Assert.Equal("Completed Kept new", each));
        Assert.All(Minions, minion => Assert.Equal(("succeeded", 1), (
            scene.Runs(minion).Single().Outcome, scene.Runs(minion).Single().TimesBegun)));
        Assert.Equal(Ends.Length, await scene.Rig.Database.ScalarAsync<long>(
            "select count(*) from action_target t join action a on a.id = t.action_id where a.kind = 'system.reboot'"));
        await scene.AssertRecordIsRealityAsync();
    }

    [Fact]
    public async Task A_dry_run_that_is_lost_with_its_machine_gives_the_channels_back_and_is_tried_again()
    {
        foreach (var minion in Minions)
        {
            scene.Set(minion, new DupSetting { DryRun = DupOutcome.Interrupted });
        }

        var action = await scene.OrderAsync("", deadlineSeconds: 2);
        await ServerRig.UntilAsync(
            () => scene.Rig.Database.ScalarAsync<long>(
                "select count(distinct minion_key) from channel_change where state = 'Reverted'"),
            reverted => reverted == Ends.Length, "the channels are given back");
        foreach (var minion in Minions)
        {
            scene.Set(minion, new DupSetting());
        }

        await scene.UntilDecidedAsync(action);

        Assert.All(Minions, minion => Assert.Equal("succeeded", scene.Runs(minion).Single().Outcome));
        await scene.AssertRecordIsRealityAsync();
    }

    [Fact]
    public async Task All_that_an_order_can_have_is_understood_and_all_that_is_asked_about_its_run_is_answered()
    {
        var action = await scene.OrderAsync("""
            , "dryRun": false, "channels": ["leap-15.6-non-oss-x86_64"], "from": ["leap-15.6-oss-x86_64"],
            "allowVendorChange": false, "agreeToLicences": true, "replaceFiles": true, "noRecommends": true,
            "removeLimit": 100, "forbidRemoval": ["kernel*"], "removeExtensions": true, "disableForeign": true,
            "snapshots": true, "patchStackFirst": true
            """);
        await scene.UntilDecidedAsync(action);
        var run = scene.Runs(1).Single();
        var view = scene.Rig.Master.SoftwareOf(MigrationScene.Minion(1))!;

        Assert.Equal("succeeded", run.Outcome);
        Assert.Equal(
            [.. MigrationScene.New.Split(' ').Append("leap-15.6-non-oss-x86_64").Order(StringComparer.Ordinal)],
            run.Channels.Order(StringComparer.Ordinal));
        Assert.False(view.Repositories.Single(repository => repository.Alias == "vendor").Enabled);
        Assert.Equal("1 product, Leap 15.6 x86_64", await ReasonAsync("products.refresh", "{}"));
        Assert.Equal("6 repositories, 5 enabled", await ReasonAsync("repositories.refresh", "{}"));
        Assert.Contains("of base64", await ReasonAsync("servicepack.testcase", $$"""{"runId": "{{run.RunId}}"}"""));
        Assert.StartsWith("Succeeded: Done", await ReasonAsync(
            "servicepack.result", $$"""{"runId": "{{run.RunId}}"}"""));
        Assert.EndsWith("changed since the run began", await ReasonAsync(
            "servicepack.changes", $$"""{"runId": "{{run.RunId}}"}"""));
        Assert.Equal("takes effect with the next boot", await ReasonAsync(
            "servicepack.rollback", """{"snapshot": 11}"""));
    }

    private static IEnumerable<int> Minions => Enumerable.Range(1, Ends.Length);

    private async Task<IEnumerable<string>> EndsAsync(ActionId action)
    {
        var ends = await scene.EndsAsync(action);
        return Minions.Select(minion => ends[MigrationScene.Minion(minion)]);
    }

    private async Task<string?> ReasonAsync(string kind, string arguments, int minion = 1)
    {
        var action = await scene.Rig.ScheduleAsync(
            kind, arguments, new TargetSelection { Minions = [MigrationScene.Minion(minion)] });
        Assert.Equal("Completed", await scene.Rig.UntilEndedAsync(action));
        return await scene.Rig.Database.ScalarAsync<string>(
            "select reason from action_target where action_id = $1", action.Value);
    }

    private Task<string?> ProductOnRecordAsync(int minion) => scene.Rig.Database.ScalarAsync<string>(
        """
        select s.products -> 0 ->> 'name' || ' ' || (s.products -> 0 ->> 'version')
        from minion_software o join product_set s on s.id = o.product_set_id
        join minion m on m.minion_key = o.minion_key where m.minion_id = $1
        """,
        MigrationScene.Minion(minion));
}
