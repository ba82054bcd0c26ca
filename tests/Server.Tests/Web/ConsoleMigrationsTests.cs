using Microsoft.Playwright;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Tests.Api;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>A migration as somebody orders it in a browser, and reads what it has come to.</summary>
public sealed class ConsoleMigrationsTests(LiveServer server, Chromium chromium) : IClassFixture<LiveServer>
{
    /// <summary>Two runs of the action $1: one failed half-way and waits for a person, one nobody knows.</summary>
    private const string RunsSql = """
        with changed as (
            insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, after, state,
                                        attention, recorded_at, decided_at, ended_at)
            select $1, minion_key, 'r', false, '2609', '', '{"Base":"b","Children":[]}',
                   case minion_id when 'mig1' then 'Kept' else 'Unknown' end,
                   case minion_id when 'mig1' then 'the run failed half-way' else 'nobody knows' end, now(),
                   case minion_id when 'mig1' then now() end, case minion_id when 'mig1' then now() end
            from minion where minion_id in ('mig1', 'mig2')
            returning id, action_id, minion_key),
        looked as (
            insert into migration_check (change_id, action_id, minion_key, state, since, next_boot, differences)
            select id, action_id, minion_key, 'Differs', now(), false, '{SLES 15.5 is not installed}' from changed)
        insert into migration_run (change_id, action_id, minion_key, outcome, failure, cause, comment, problems,
                                   planned, removed, steps, unplanned, reboot_needed, read_at)
        select id, action_id, minion_key, 'Failed', 'conflict', 'nothing provides bar', 'so', '{}', '{}', '{foo}', '{}',
               '{upgrade bash 1 → 2}', true, now()
        from changed
        """;

    [Fact]
    public async Task A_migration_is_ordered_reported_and_decided()
    {
        await server.AddMinionsAsync("mig", 3);
        await using var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(await server.CreateTokenAsync(PermissionNames.Admin));
        var page = visit.Page;
        await page.GotoAsync("/actions/new?minion=mig1");
        await page.GetByLabel("Kind of action").SelectOptionAsync("servicepack.migrate");
        await page.GetByLabel("Target", new() { Exact = true }).FillAsync("2609");
        await Assertions.Expect(page.GetByLabel("Only try what would happen")).ToBeCheckedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Schedule", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Scheduled on 1 minion.")).ToBeVisibleAsync();
        var action = long.Parse(page.Url.Split('/')[^1], System.Globalization.CultureInfo.InvariantCulture);
        await server.Database.ExecuteAsync(RunsSql, action);

        await page.GetByRole(AriaRole.Link, new() { Name = "What it has come to" }).ClickAsync();
        await Assertions.Expect(page.Locator("#failures + .table-wrap")).ToContainTextAsync("nothing provides bar");
        await Assertions.Expect(page.Locator("#removals + .table-wrap")).ToContainTextAsync("foo");
        await Assertions.Expect(page.Locator("#differences + .table-wrap")).ToContainTextAsync("upgrade bash 1 → 2");
        await Assertions.Expect(page.GetByText("A restart is needed on 2.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#found + .table-wrap")).ToContainTextAsync("SLES 15.5 is not installed");
        await Assertions.Expect(page.GetByText("0 have what was ordered, 2 do not, 0 not yet.")).ToBeVisibleAsync();
        await visit.PictureAsync("migration");

        await page.GetByRole(AriaRole.Button, new() { Name = "Looked at" }).ClickAsync();
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("The new channels stay.");
        await Assertions.Expect(page.GetByText("the run failed half-way")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Take them back" }).ClickAsync();
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("The channels of before come back.");
        await ServerRig.UntilAsync(
            () => server.Database.ScalarAsync<string>("select ordered from channel_change where ordered is not null"),
            ordered => ordered == "TakeBack", "it is ordered");
        visit.AssertNoComplaints();
    }
}
