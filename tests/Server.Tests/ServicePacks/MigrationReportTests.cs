using Saltern.Cli;
using Saltern.Cli.Client;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>What a person reads of a migration over all its minions.</summary>
public sealed class MigrationReportTests(PostgresServer server) : MigrationGround(server, minions: 4)
{
    private const string Conflict =
        """, "reason": "conflict", "problems": [{"problem": "nothing provides bar", "solutions": []}]""";

    [Fact]
    public async Task Failures_are_grouped_by_cause_removals_by_package_and_the_rest_is_named()
    {
        await rig.AddMinionsAsync(1, "n{0}");
        var action = await OrderAsync();
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false, """, "reboot_needed": true""");
        await RunEndsAsync(LastSent, "m2", "failed", changed: false, Conflict);
        await RunEndsAsync(LastSent, "m3", "failed", changed: false, Conflict);
        await TurnAsync();

        var report = (await OfAsync(action))!;

        Assert.Equal(
            (5, 1, 0, 2, 2, 1),
            (report.Targets, report.Succeeded, report.NothingToDo, report.Failed, report.WithoutResult,
                report.RebootsNeeded));
        var failure = Assert.Single(report.Failures);
        Assert.Equal(("conflict", "nothing provides bar", 2), (failure.Word, failure.Text, failure.Minions));
        Assert.Equal(["m2", "m3"], failure.Names);
        Assert.Equal(("foo", 3), (Assert.Single(report.Removals).Word, report.Removals[0].Minions));
        Assert.Equal(("Skipped", "n1"), (Assert.Single(report.Others).Word, report.Others[0].Names.Single()));
        Assert.Null(await OfAsync(new ActionId(action.Value + 1_000)));
    }

    [Fact]
    public async Task A_result_that_is_there_and_has_not_been_looked_at_is_not_read_yet()
    {
        var action = await OrderAsync();
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false);
        await RunEndsAsync(LastSent, "m2", "failed", changed: false, Conflict);
        await rig.SettleAsync();
        var soon = (await OfAsync(action))!;
        await TurnAsync();
        var later = (await OfAsync(action))!;

        Assert.Equal((4, 0, 0, 2, 2), Counts(soon));
        Assert.Empty(soon.Others);
        var said = new StringWriter();
        MigrationReports.Show(new CliOutput(said, said, isTerminal: false), soon);
        Assert.StartsWith(
            "0 of 4 would succeed (0 with nothing to do), 0 would fail, 2 without a result, 2 not read yet",
            said.ToString());
        Assert.Equal((4, 1, 1, 2, 0), Counts(later));

        static (int, int, int, int, int) Counts(Contract.MigrationSummary of) =>
            (of.Targets, of.Succeeded, of.Failed, of.WithoutResult, of.NotYetRead);
    }

    [Fact]
    public async Task A_real_run_is_compared_with_the_dry_run_before_it()
    {
        await OrderAsync(minions: ["m1", "m2"]);
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: false);
        await RunEndsAsync(LastSent, "m2", "succeeded", changed: false);
        await TurnAsync();
        var action = await OrderAsync(""", "dryRun": false""", "m1", "m2");
        await rig.DispatchAsync();
        // Nothing was changed there: that is told as a failure, and as nothing else.
        await RunEndsAsync(LastSent, "m2", "failed", changed: false, """, "plan": {"remove": [{"name": "other"}]}""");
        await rig.ReturnAsync(
            LastSent.Jid, "m1",
            $$"""
            {"saltern_zypper_|-a_|-a_|-dist_upgraded": {"name": "x", "changes": {}, "result": true, "comment": "",
             "saltern": {"run_id": "{{PillarOf(LastSent)["run_id"]}}", "outcome": "succeeded", "changed": true,
                         "comment": "done", "plan": {"upgrade": [{"name": "bash", "old": "5.1", "new": "5.3"}],
                                                     "remove": [{"name": "foo", "old": "1"}]} } } }
            """,
            0, "state.apply");
        await TurnAsync();

        Assert.Equal(
            [("notDone", "upgrade bash 5.1 → 5.2", 1), ("notPlanned", "upgrade bash 5.1 → 5.3", 1)],
            (await OfAsync(action))!.Differences.Select(one => (one.Word, one.Text, one.Minions)));
    }

    [Fact]
    public async Task Changes_that_need_attention_are_listed_by_themselves()
    {
        var action = await OrderAsync(""", "dryRun": false""");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "failed", changed: true);
        await RunEndsAsync(LastSent, "m2", "succeeded", changed: true);
        await TurnAsync();

        var report = rig.Get<MigrationReport>();
        var attention = await report.ChangesAsync(null, attention: true, null, 10, CancellationToken.None);
        var all = await report.ChangesAsync(action.Value, attention: false, null, 10, CancellationToken.None);
        var rest = await report.ChangesAsync(action.Value, attention: false, all[1].Id, 10, CancellationToken.None);

        Assert.Equal(("m1", "Kept"), (Assert.Single(attention).Minion, attention[0].State));
        Assert.Equal((4, 2), (all.Count, rest.Count));
        Assert.Equal(1, (await OfAsync(action))!.Attention);

        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: true);
        await TurnAsync();
        Assert.Empty(await report.ChangesAsync(null, attention: true, null, 10, CancellationToken.None));
    }

    [Fact]
    public async Task What_another_migration_has_repaired_is_not_counted_as_to_be_looked_at()
    {
        var action = await OrderAsync(""", "dryRun": false""", "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "failed", changed: true);
        await TurnAsync();
        Assert.Equal(1, (await OfAsync(action))!.Attention);

        await OrderAsync(""", "dryRun": false""", "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", changed: true);
        await TurnAsync();
        Assert.Equal(0, (await OfAsync(action))!.Attention);
    }

    [Fact]
    public async Task A_repository_that_was_left_out_is_the_cause_and_not_the_conflict_that_came_of_it()
    {
        var action = await OrderAsync("", "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(
            LastSent, "m1", "failed", changed: false,
            """, "reason": "repository_unreachable", "problems": [{"problem": "nothing provides x"}]""");
        await TurnAsync();

        Assert.Equal(
            ("repository_unreachable", "it went so"),
            (await OfAsync(action))!.Failures.Select(group => (group.Word, group.Text)).Single());
    }

    private Task<Contract.MigrationSummary?> OfAsync(ActionId action) =>
        rig.Get<MigrationReport>().OfAsync(action, CancellationToken.None);
}
