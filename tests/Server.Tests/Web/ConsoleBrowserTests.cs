using System.Text.Json;
using Microsoft.Playwright;
using Saltern.Contract;
using Saltern.Server.Tests.Api;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>What only a browser can tell: what runs, what is drawn, what is refused.</summary>
public sealed class ConsoleBrowserTests(LiveServer server, Chromium chromium) : IClassFixture<LiveServer>
{
    private const string Hostile = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script>";

    [Fact]
    public async Task A_hostile_id_reason_or_result_is_shown_as_text_and_runs_nothing()
    {
        const string Minion = "evil'\"><svg onload=window.hit=1>";
        await server.AddMinionsAsync("hostile", 1);
        await server.Database.ExecuteAsync(
            "update minion set minion_id = $1, os = $2, grains = $3::jsonb where minion_id = 'hostile1'",
            Minion, Hostile, JsonSerializer.Serialize(new Dictionary<string, string> { [Hostile] = Hostile }));
        var action = await server.ScheduleAsync("evil*", new { description = Hostile });
        await server.SettleAsync(
            action, Minion, "Failed", "20260301080000000099_s1", JsonSerializer.Serialize(Hostile));
        await server.Database.ExecuteAsync(
            "update action_target set reason = $2 where action_id = $1", action, Hostile);
        var key = await server.Database.ScalarAsync<long>("select minion_key from minion where minion_id = $1", Minion);
        await server.MakeGroupAsync("hostile", new { rule = "E@evil.* or G@os:<svg/onload=window.hit=1>" });
        var group = await server.GroupPathAsync("hostile");

        await using var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(server.AdminToken);
        foreach (var path in new[]
        {
            "/", "/actions", $"/actions/{action}", $"/actions/{action}/targets/{Uri.EscapeDataString(Minion)}",
            "/minions", $"/minions/{key}", $"/actions/new?minion={Uri.EscapeDataString(Minion)}",
            $"/actions?by={Uri.EscapeDataString(Hostile)}",
            $"/minions?id={Uri.EscapeDataString(Hostile)}", "/groups", group, $"{group}/edit",
            $"/actions/new?group={Uri.EscapeDataString(Hostile)}",
        })
        {
            await visit.Page.GotoAsync(path);
            // Once more by way of the part that is fetched again and put into the page.
            await visit.Page.EvaluateAsync(
                "document.querySelector('#stream')?.dispatchEvent(new CustomEvent('changed'))");
            await visit.Page.WaitForTimeoutAsync(300);
            Assert.Null(await visit.Page.EvaluateAsync<int?>("window.hit ?? null"));
            Assert.Equal(0, await visit.Page.Locator("img[src=x], svg[onload]").CountAsync());
        }

        await visit.Page.GotoAsync($"/actions/{action}/targets/{Uri.EscapeDataString(Minion)}");
        await Assertions.Expect(visit.Page.Locator(".result pre")).ToHaveTextAsync(Hostile);
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task A_change_reaches_an_open_page_without_losing_what_was_opened_on_it()
    {
        await server.AddMinionsAsync("livepage", 2);
        var action = await server.ScheduleAsync("livepage*");
        await using var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync($"/actions/{action}");
        await Assertions.Expect(visit.Page.Locator("#progress-count")).ToHaveTextAsync("0 of 2");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#confirm-cancel")).ToBeVisibleAsync();

        await server.SettleAsync(action, "livepage1", "Completed", "20260301080000000088_s1", "true");
        await server.RingAsync($$"""{"action":{{action}}}""");

        await Assertions.Expect(visit.Page.Locator("#progress-count")).ToHaveTextAsync("1 of 2");
        await Assertions.Expect(visit.Page.Locator("#confirm-cancel")).ToBeVisibleAsync();
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task Cancelling_asks_first_and_then_does_it()
    {
        await server.AddMinionsAsync("cancelpage", 3);
        var action = await server.ScheduleAsync("cancelpage*");
        await using var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync($"/actions/{action}");

        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        Assert.Equal("Scheduled", (await server.GetAsync<ActionDetail>($"/api/v1/actions/{action}")).Summary.Status);

        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel the action" }).ClickAsync();
        await Assertions.Expect(visit.Page.GetByText("3 targets will not run.")).ToBeVisibleAsync();
        await Assertions.Expect(visit.Page.Locator("h1 .st")).ToHaveTextAsync("Cancelled");
    }

    [Fact]
    public async Task Times_are_the_browsers_with_UTC_as_title()
    {
        await server.AddMinionsAsync("zoned", 1);
        var action = await server.ScheduleAsync("zoned1");
        await server.Database.ExecuteAsync(
            "update action set created_at = '2026-01-15 23:30:00Z' where id = $1", action);
        await using var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync($"/actions/{action}");

        var time = visit.Page.Locator(".facts time").First;
        await Assertions.Expect(time).ToHaveAttributeAsync("title", "2026-01-15 23:30:00 UTC");
        await Assertions.Expect(time).ToContainTextAsync("00:30:00");
        await Assertions.Expect(time).ToContainTextAsync("16 Jan");
    }

    [Fact]
    public async Task The_theme_follows_the_system_until_somebody_chooses()
    {
        await using var visit = await chromium.VisitAsync(server.Address, new() { ColorScheme = ColorScheme.Dark });
        await visit.SignInAsync(server.AdminToken);
        var page = visit.Page.Locator("html");
        await Assertions.Expect(page).ToHaveAttributeAsync("data-bs-theme", "dark");

        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Switch theme" }).ClickAsync();
        await Assertions.Expect(page).ToHaveAttributeAsync("data-bs-theme", "light");
        await visit.Page.ReloadAsync();
        await Assertions.Expect(page).ToHaveAttributeAsync("data-bs-theme", "light");
    }

    [Fact]
    public async Task The_form_shows_the_fields_of_the_kind_and_of_the_way_that_were_chosen()
    {
        await using var visit = await chromium.VisitAsync(server.Address);
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync("/actions/new");

        await visit.Page.GetByLabel("Kind of action").SelectOptionAsync("script.run");
        await visit.Page.GetByLabel("Script", new() { Exact = true }).FillAsync("#!/bin/sh\nuptime\n");
        await visit.Page.GetByLabel("Grain", new() { Exact = true }).First.CheckAsync();
        await Assertions.Expect(visit.Page.Locator("[id='target.grain']")).ToBeVisibleAsync();
        await Assertions.Expect(visit.Page.Locator("[id='target.glob']")).ToBeHiddenAsync();
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task A_long_reason_leaves_a_short_id_in_one_piece()
    {
        await server.AddMinionsAsync("web.example.org-", 2);
        var action = await server.ScheduleAsync("web.example.org-*");
        await server.SettleAsync(action, "web.example.org-1", "Failed", "20260301080000000066_s1", "false");
        await server.Database.ExecuteAsync(
            "update action_target set reason = repeat('a long reason ', 30) where action_id = $1 and status = 'Failed'",
            action);
        await using var visit = await chromium.VisitAsync(
            server.Address, new() { ViewportSize = new() { Width = 1280, Height = 800 } });
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync($"/actions/{action}");

        Assert.Equal(1, await visit.Page.Locator(".targets .name").First
            .EvaluateAsync<int>("name => name.getClientRects().length"));
    }

    [Fact]
    public async Task On_a_phone_the_box_to_choose_a_minion_stands_right_before_its_id()
    {
        await server.AddMinionsAsync("boxed", 1);
        await server.MakeGroupAsync("boxed", new { minions = new[] { "boxed1" } });
        await using var visit = await chromium.VisitAsync(
            server.Address, new() { ViewportSize = new() { Width = 390, Height = 844 } });
        await visit.SignInAsync(server.AdminToken);
        await visit.Page.GotoAsync(await server.GroupPathAsync("boxed"));

        var box = await visit.Page.GetByLabel("Choose boxed1").BoundingBoxAsync();
        var id = await visit.Page.Locator("tbody .name").BoundingBoxAsync();
        Assert.InRange(id!.X - (box!.X + box.Width), 0, 30);
        Assert.InRange(Math.Abs(id.Y - box.Y), 0, 10);
    }

    [Fact]
    public async Task No_page_is_wider_than_a_phone()
    {
        const string Long = "a-rather-long-name-of-a-minion-in-some-data-centre.example.org";
        await server.AddMinionsAsync(Long, 2);
        var action = await server.ScheduleAsync($"{Long}*", new { description = new string('x', 200) });
        var key = await server.Database.ScalarAsync<long>(
            "select minion_key from minion where minion_id = $1", $"{Long}1");
        var longName = new string('g', 100);
        await server.MakeGroupAsync("narrow", new { minions = new[] { $"{Long}1", $"{Long}2" } });
        await server.MakeGroupAsync(longName, new { rule = $"L@{string.Join(',', Enumerable.Repeat(Long, 9))}" });
        var (byHand, byRule) = (await server.GroupPathAsync("narrow"), await server.GroupPathAsync(longName));
        await using var visit = await chromium.VisitAsync(
            server.Address, new() { ViewportSize = new() { Width = 390, Height = 844 } });
        await visit.SignInAsync(server.AdminToken);
        foreach (var path in new[]
        {
            "/", "/actions", "/actions/new", "/minions", $"/minions/{key}", $"/actions/{action}",
            $"/actions/{action}/targets/{Long}1", "/groups", "/groups/new", byHand, byRule,
        })
        {
            await visit.Page.GotoAsync(path);
            Assert.True(
                await visit.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), path);
        }
    }
}
