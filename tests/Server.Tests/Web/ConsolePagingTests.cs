using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Saltern.Server.Tests.Api;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>Lists longer than a page: every line is shown once, and what was filtered stays filtered.</summary>
public sealed class ConsolePagingTests(LiveServer server, Chromium chromium) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task The_targets_of_an_action_are_turned_page_by_page_and_stay_while_the_page_is_live()
    {
        await server.AddMinionsAsync("target", 230);
        var action = await server.ScheduleAsync("target*");
        await using var visit = await VisitAsync($"/actions/{action}?status=Queued");
        var page = visit.Page;

        var seen = await TurnAsync(page, ".targets tbody .name", "Next page");

        Assert.Equal([100, 100, 30], seen.Select(names => names.Count));
        Assert.Equal(230, seen.SelectMany(names => names).Distinct().Count());
        var last = seen[^1];
        await server.SettleAsync(action, "target1", "Completed", "20260301080000000077_s1", "true");
        await server.RingAsync($$"""{"action":{{action}}}""");
        await Assertions.Expect(page.Locator("#progress-count")).ToHaveTextAsync("1 of 230");
        await Assertions.Expect(page.Locator(".targets tbody .name")).ToHaveTextAsync(last);
        await page.GetByRole(AriaRole.Link, new() { Name = "First page" }).ClickAsync();
        await Assertions.Expect(page.Locator("h2", new() { HasText = "Targets: queued" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".targets tbody tr")).ToHaveCountAsync(100);
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task The_minions_are_turned_page_by_page_under_their_filter()
    {
        await server.AddMinionsAsync("fleet", 210);
        await server.AddMinionsAsync("other", 5);
        await using var visit = await VisitAsync("/minions");
        await visit.Page.GetByLabel("Id").FillAsync("fleet");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await ArriveAsync(visit.Page, "/minions?id=fleet");

        var seen = await TurnAsync(visit.Page, "tbody .name", "Next page");

        Assert.Equal([100, 100, 10], seen.Select(names => names.Count));
        Assert.Equal(210, seen.SelectMany(names => names).Where(id => id.StartsWith("fleet")).Distinct().Count());
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "First page" }).ClickAsync();
        await Assertions.Expect(visit.Page.Locator("tbody .name")).ToHaveTextAsync(seen[0]);
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task The_actions_are_turned_page_by_page_newest_first_under_their_filter()
    {
        await server.AddMinionsAsync("listed", 1);
        var newest = 0L;
        for (var number = 0; number < 105; number++)
        {
            newest = await server.ScheduleAsync("listed1");
        }

        await using var visit = await VisitAsync("/actions");
        await visit.Page.GetByLabel("Kind").SelectOptionAsync("ping");
        await ArriveAsync(visit.Page, "kind=ping");

        var seen = await TurnAsync(visit.Page, "tbody td.num a", "Older");

        Assert.Equal([50, 50], seen.Take(2).Select(ids => ids.Count));
        var ids = seen.SelectMany(page => page).Select(id => long.Parse(id)).ToList();
        Assert.Equal(newest, ids[0]);
        Assert.Equal(ids.Distinct().OrderDescending(), ids);
        Assert.InRange(ids.Count, 105, 400);
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Newest" }).ClickAsync();
        await Assertions.Expect(visit.Page.Locator("tbody td.num a")).ToHaveTextAsync(seen[0]);
        Assert.Contains("kind=ping", visit.Page.Url, StringComparison.Ordinal);
        visit.AssertNoComplaints();
    }

    private async Task<BrowserVisit> VisitAsync(string path)
    {
        var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync(path);
        return visit;
    }

    /// <summary>
    /// Asks again and again, where waiting for a navigation misses one that was quicker than the wait.
    /// </summary>
    private static async Task ArriveAsync(IPage page, string part)
    {
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(Regex.Escape(part)), new() { Timeout = 30_000 });
        await page.WaitForFunctionAsync("document.readyState === 'complete'");
    }

    /// <summary>What each page shows, from the one that is open to the last.</summary>
    private static async Task<List<IReadOnlyList<string>>> TurnAsync(IPage page, string lines, string next)
    {
        var seen = new List<IReadOnlyList<string>>();
        while (true)
        {
            seen.Add(await page.Locator(lines).AllInnerTextsAsync());
            var link = page.GetByRole(AriaRole.Link, new() { Name = next });
            if (await link.CountAsync() == 0)
            {
                return seen;
            }

            var target = await link.GetAttributeAsync("href");
            await link.ClickAsync();
            await ArriveAsync(page, target!);
        }
    }
}
