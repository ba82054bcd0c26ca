using Microsoft.Playwright;
using Saltern.Contract;
using Saltern.Server.Tests.Api;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>Groups as somebody makes, fills, changes, uses and deletes them in a browser.</summary>
public sealed class ConsoleGroupsTests(LiveServer server, Chromium chromium) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task A_group_by_hand_is_made_filled_emptied_used_and_deleted()
    {
        await server.AddMinionsAsync("hand", 4);
        await using var visit = await VisitAsync("/groups");
        var page = visit.Page;

        await page.GetByRole(AriaRole.Link, new() { Name = "New group" }).ClickAsync();
        await page.GetByLabel("Name of the group").FillAsync("by-hand");
        await page.Locator("#minions").FillAsync("hand1, hand2\nnobody");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the group" }).ClickAsync();
        await Assertions.Expect(page.Locator(".field-error")).ToHaveTextAsync("There is no minion nobody.");
        await page.Locator("#minions").FillAsync("hand1, hand2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the group" }).ClickAsync();
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("The group is made.");
        await ExpectMembersAsync(page, "hand1", "hand2");

        await page.Locator("#minions").FillAsync("hand3 hand1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("Added: 1 minion.");
        await page.Locator("#minions").FillAsync("nobody");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("There is no minion nobody.");
        await page.GetByLabel("Choose hand2").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove chosen" }).ClickAsync();
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("Removed: 1 minion.");
        await ExpectMembersAsync(page, "hand1", "hand3");
        var address = page.Url;

        await page.GetByRole(AriaRole.Link, new() { Name = "Schedule on it" }).ClickAsync();
        await page.GetByLabel("Kind of action").SelectOptionAsync("ping");
        await Assertions.Expect(page.Locator("[id='target.group']")).ToHaveValueAsync("by-hand");
        await page.GetByRole(AriaRole.Button, new() { Name = "Schedule", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Scheduled on 2 minions.")).ToBeVisibleAsync();

        await page.GotoAsync(address);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep as it is" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete the group" }).ClickAsync();
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("The group is deleted; its minions stay.");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "by-hand" })).ToHaveCountAsync(0);
        visit.AssertNoComplaints(422);
    }

    [Fact]
    public async Task A_group_by_rule_is_made_changed_and_counted_and_goes_only_when_no_rule_names_it()
    {
        await server.AddMinionsAsync("rule", 3);
        await using var visit = await VisitAsync("/groups/new");
        var page = visit.Page;

        await page.GetByLabel("Name of the group").FillAsync("by-rule");
        await page.GetByLabel("By rule").CheckAsync();
        await Assertions.Expect(page.Locator("#minions")).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the group" }).ClickAsync();
        await Assertions.Expect(page.Locator(".field-error")).ToBeVisibleAsync();
        await page.GetByLabel("Rule", new() { Exact = true }).FillAsync("rule* and not rule2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the group" }).ClickAsync();
        await ExpectMembersAsync(page, "rule1", "rule3");
        await Assertions.Expect(page.Locator(".facts dd").First).ToHaveTextAsync("2");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Remove chosen" })).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Link, new() { Name = "Edit" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("By rule")).ToBeCheckedAsync();
        // A name on the first page of the list, whatever other tests have made.
        await page.GetByLabel("Name of the group").FillAsync("changed");
        await page.GetByLabel("Rule", new() { Exact = true }).FillAsync("rule1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await ExpectMembersAsync(page, "rule1");
        await server.MakeGroupAsync("its-user", new { rule = "rule* and not N@changed" });

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete the group" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The rule of the group 'its-user' names 'changed'.")).ToBeVisibleAsync();

        await page.GotoAsync("/groups");
        await Assertions.Expect(Row(page, "changed").Locator(".num")).ToHaveTextAsync("1");
        await Assertions.Expect(Row(page, "its-user").Locator(".num")).ToHaveTextAsync("2");
        visit.AssertNoComplaints(422, 409);
    }

    [Fact]
    public async Task A_long_group_and_a_long_list_of_groups_are_turned_page_by_page()
    {
        await server.AddMinionsAsync("member", 130);
        await server.MakeGroupAsync("zz-long", new { rule = "member*" });
        await server.Database.ExecuteAsync(
            """
            insert into minion_group (name, created_by, created_at)
            select 'many' || lpad(n::text, 3, '0'), 'a test', now() from generate_series(1, 60) n
            """);
        await using var visit = await VisitAsync("/groups");
        var page = visit.Page;

        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(50);
        await page.GetByRole(AriaRole.Link, new() { Name = "Next page" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Next page" })).ToHaveCountAsync(0);
        await Assertions.Expect(Row(page, "zz-long").Locator(".num")).ToHaveTextAsync("130");
        await page.GetByRole(AriaRole.Link, new() { Name = "zz-long" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(100);
        await page.GetByRole(AriaRole.Link, new() { Name = "Next page" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(30);
        await page.GetByRole(AriaRole.Link, new() { Name = "First page" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(100);
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task A_group_that_was_turned_into_a_rule_meanwhile_takes_no_minion_by_hand()
    {
        await server.AddMinionsAsync("late", 1);
        await server.MakeGroupAsync("turned", new { minions = Array.Empty<string>() });
        await using var visit = await VisitAsync(await server.GroupPathAsync("turned"));
        await server.Database.ExecuteAsync("update minion_group set rule = 'late*' where name = 'turned'");

        await visit.Page.Locator("#minions").FillAsync("late1");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();

        await Assertions.Expect(visit.Page.GetByText("nobody is added or removed by hand")).ToBeVisibleAsync();
        Assert.Null((await server.GetAsync<GroupSummary>("/api/v1/groups/turned")).Members);
    }

    private async Task<BrowserVisit> VisitAsync(string path)
    {
        var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync(path);
        return visit;
    }

    private static ILocator Row(IPage page, string group) => page.Locator("tbody tr", new()
    {
        Has = page.GetByRole(AriaRole.Link, new() { Name = group, Exact = true }),
    });

    private static Task ExpectMembersAsync(IPage page, params string[] minions) =>
        Assertions.Expect(page.Locator("tbody .name")).ToHaveTextAsync(minions);
}
