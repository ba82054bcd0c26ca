using Microsoft.Playwright;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Access;
using Saltern.Server.Actions;
using Saltern.Simulator.Faults;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>The orders a page offers, each through to what it does to the simulated master and in the tables.</summary>
public sealed class ConsoleOrdersTests(PostgresServer postgres, Chromium chromium) : IAsyncLifetime
{
    private ServerRig rig = null!;
    private BrowserVisit visit = null!;

    private IPage Page => visit.Page;

    public async ValueTask InitializeAsync()
    {
        rig = await ServerRig.StartAsync(postgres, 4, options => options with { PendingMinions = 3 });
        await ServerRig.UntilAsync(
            () => rig.Database.ScalarAsync<long>("select count(*) from minion where key_status = 'pending'"),
            pending => pending == 3, "the pending keys are known");
        var made = await rig.Get<Tokens>().CreateAsync(
            "alex", [PermissionNames.Admin], null, "a test", CancellationToken.None);
        visit = await chromium.VisitAsync(rig.Server.Address);
        await visit.SignInAsync(Assert.IsType<TokenCreation.Created>(made).Token);
    }

    public async ValueTask DisposeAsync()
    {
        await visit.DisposeAsync();
        await rig.DisposeAsync();
    }

    [Fact]
    public async Task Keys_are_accepted_and_rejected_from_the_list_and_from_the_page_of_the_minion()
    {
        await Page.GotoAsync("/minions?key=pending");
        var names = await Page.Locator("tbody .name").AllInnerTextsAsync();
        Assert.Equal(3, names.Count);

        await PressAsync("Accept chosen keys");
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("No minion was chosen.");
        await Page.GetByLabel($"Choose {names[0]}").CheckAsync();
        await PressAsync("Accept chosen keys");
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("1 key accepted.");
        await Assertions.Expect(Page.Locator("tbody .name")).ToHaveTextAsync(names.Skip(1));
        await Page.GetByLabel("Choose all on this page").CheckAsync();
        await Page.GetByLabel($"Choose {names[1]}").UncheckAsync();
        await PressAsync("Reject chosen keys");
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("1 key rejected.");
        await Assertions.Expect(Page.Locator("tbody .name")).ToHaveTextAsync(names.Skip(1).Take(1));
        Assert.Equal(["accepted", "pending", "rejected"], await StatusesAsync(names));

        await Page.GetByRole(AriaRole.Link, new() { Name = names[1] }).ClickAsync();
        await PressAsync("Reject key");
        await PressAsync("Reject the key");
        await Assertions.Expect(Page.Locator("h1")).ToContainTextAsync("key rejected");
        await PressAsync("Accept key");
        await PressAsync("Accept the key");
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("1 key accepted.");
        await Assertions.Expect(Page.GetByRole(AriaRole.Link, new() { Name = "Schedule on it" })).ToBeVisibleAsync();
        Assert.Equal(["accepted", "accepted", "rejected"], await StatusesAsync(names));

        var action = await rig.ScheduleAsync("ping", target: new() { Minions = [names[0], names[1]] });
        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task Failed_targets_run_again_alone_and_then_all_of_them()
    {
        rig.Master.Faults.Set(new Fault
        {
            Name = FaultNames.JobFails, Minion = "minion0002", Function = "state.apply", Count = 1,
        });
        var action = await rig.ScheduleAsync("state.apply", """{"states":["ok"]}""");
        Assert.Equal("Failed", await rig.UntilEndedAsync(action));

        await Page.GotoAsync($"/actions/{action}");
        await PressAsync("Run failed again");
        await PressAsync("Run them again");
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("Queued again: 1 target.");
        await Assertions.Expect(Page.Locator("h1 .st")).ToHaveTextAsync("Completed");
        Assert.Equal("1,1,1,2", await AttemptsAsync(action));
        await Assertions.Expect(Page.Locator(".targets .tag")).ToHaveTextAsync("attempt 2");
        await Assertions.Expect(Button("Run failed again")).ToHaveCountAsync(0);

        await PressAsync("Run all again");
        await PressAsync("Run all again", last: true);
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("Queued again: 4 targets.");
        await Assertions.Expect(Page.Locator(".targets .tag")).ToHaveCountAsync(4);
        Assert.Equal("Completed", await rig.UntilEndedAsync(action));
        Assert.Equal("2,2,2,3", await AttemptsAsync(action));
        Assert.Empty(await rig.ComplaintsAsync(action));
        visit.AssertNoComplaints();
    }

    [Fact]
    public async Task An_action_is_archived_brought_back_and_deleted_for_good()
    {
        var action = await rig.ScheduleAsync("ping");
        await rig.UntilEndedAsync(action);
        await Page.GotoAsync($"/actions/{action}");

        await PressAsync("Archive");
        await PressAsync("Archive", last: true);
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("Archived");
        await Assertions.Expect(Page.Locator("h1 .tag")).ToHaveTextAsync("archived");
        await Page.GotoAsync("/actions");
        await Assertions.Expect(LineOf(action)).ToHaveCountAsync(0);
        await Page.GetByLabel("Archived").SelectOptionAsync("only these");
        await LineOf(action).ClickAsync();

        await PressAsync("Bring back");
        await PressAsync("Bring back", last: true);
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync("It is in the lists again.");
        await Page.GotoAsync("/actions");
        await LineOf(action).ClickAsync();

        await PressAsync("Delete");
        await PressAsync("Keep as it is");
        await PressAsync("Delete");
        await PressAsync("Delete for good");
        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync($"Action {action} is deleted.");
        await Assertions.Expect(LineOf(action)).ToHaveCountAsync(0);
        Assert.Equal(0, await rig.Database.ScalarAsync<long>(
            "select count(*) from action_target where action_id = $1", action.Value));
        // The page may have heard of it and asked for its part once more before it was left.
        visit.AssertNoComplaints(404);
    }

    [Fact]
    public async Task Deleting_ends_at_the_list_though_the_open_page_hears_of_it_before_the_answer_is_there()
    {
        var action = await rig.ScheduleAsync("ping");
        await rig.UntilEndedAsync(action);
        await Page.GotoAsync($"/actions/{action}");
        var partIsGone = Page.WaitForResponseAsync(
            response => response.Url.Contains("/parts/actions/", StringComparison.Ordinal) && response.Status == 404);
        await Page.RouteAsync("**/delete", async route =>
        {
            var answer = await route.FetchAsync(new() { MaxRedirects = 0 });
            await partIsGone;
            // Time for the page to deal with that; one that is being left paints nothing more to wait for.
            await Page.WaitForTimeoutAsync(500);
            await route.FulfillAsync(new() { Response = answer });
        });

        await PressAsync("Delete");
        await PressAsync("Delete for good");

        await Assertions.Expect(Page.Locator(".said")).ToContainTextAsync($"Action {action} is deleted.");
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Actions" })).ToBeVisibleAsync();
    }

    /// <summary>The button of this name; the last where a dialog has one of the same name as its opener.</summary>
    private Task PressAsync(string name, bool last = false) =>
        (last ? Button(name).Last : Button(name).First).ClickAsync();

    private ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private ILocator LineOf(ActionId action) =>
        Page.GetByRole(AriaRole.Link, new() { Name = action.ToString(), Exact = true });

    private async Task<IReadOnlyList<string>> StatusesAsync(IReadOnlyList<string> minions)
    {
        var statuses = new List<string>();
        foreach (var minion in minions)
        {
            statuses.Add((await rig.Database.ScalarAsync<string>(
                "select key_status from minion where minion_id = $1", minion))!);
        }

        return statuses;
    }

    private Task<string?> AttemptsAsync(ActionId action) => rig.Database.ScalarAsync<string>(
        "select string_agg(attempt::text, ',' order by attempt) from action_target where action_id = $1",
        action.Value);
}
