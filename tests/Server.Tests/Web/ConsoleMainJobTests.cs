using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Access;
using Saltern.Server.Fleet;
using Saltern.Simulator;
using Saltern.Simulator.Faults;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>The main job as somebody does it: in a browser, with the whole server and the simulated master.</summary>
public sealed partial class ConsoleMainJobTests(PostgresServer postgres, Chromium chromium) : IAsyncLifetime
{
    private const int Minions = 200;
    private const int Failing = 3;
    private const string FailingMinions = "web040.example.org,web081.example.org,web163.example.org";

    private ServerRig rig = null!;
    private string token = "";

    public async ValueTask InitializeAsync()
    {
        rig = await ServerRig.StartAsync(postgres, Minions, options => options with
        {
            NamePattern = "web{0:D3}.example.org",
            PendingMinions = 2,
            Latency = new LatencyDistribution { Median = TimeSpan.FromMilliseconds(2_500), Sigma = 0.8 },
        });
        rig.Master.Faults.Set(
            new Fault { Name = FaultNames.JobFails, Minion = FailingMinions, Function = "state.apply" });
        var made = await rig.Get<Tokens>().CreateAsync(
            "alex", [PermissionNames.Admin], null, "a test", CancellationToken.None);
        token = Assert.IsType<TokenCreation.Created>(made).Token;
    }

    public async ValueTask DisposeAsync() => await rig.DisposeAsync();

    [Fact]
    public async Task An_action_ordered_in_the_form_is_watched_to_its_end_and_a_failed_target_tells_why()
    {
        await using var visit = await chromium.VisitAsync(
            rig.Server.Address, new() { ViewportSize = new() { Width = 1280, Height = 800 } });
        var page = visit.Page;
        await visit.SignInAsync(token);

        await page.GetByRole(AriaRole.Link, new() { Name = "Schedule", Exact = true }).ClickAsync();
        await page.GetByLabel("States").FillAsync("web.nginx base.users");
        await page.Locator("[id='target.glob']").FillAsync("*");
        await page.GetByLabel("Note").FillAsync("Web servers: nginx and the team's accounts");
        await page.GetByRole(AriaRole.Button, new() { Name = "Schedule", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText($"Scheduled on {Minions} minions.")).ToBeVisibleAsync();

        var count = page.Locator("#progress-count");
        await Assertions.Expect(count).ToHaveTextAsync(InProgress(), new() { Timeout = 60_000 });
        await visit.PictureAsync("action-running", whole: false);
        await Assertions.Expect(count).ToHaveTextAsync($"{Minions} of {Minions}", new() { Timeout = 90_000 });
        await Assertions.Expect(page.Locator("h1 .st")).ToHaveTextAsync("Failed");

        await page.Locator(".counter", new() { HasText = "Failed" }).ClickAsync();
        await Assertions.Expect(page.Locator(".targets tbody tr")).ToHaveCountAsync(Failing);
        await page.GetByRole(AriaRole.Link, new() { Name = "web040.example.org" }).ClickAsync();
        await Assertions.Expect(page.Locator(".attempt .st").First).ToHaveTextAsync("Failed");
        await Assertions.Expect(page.Locator(".states .st-failed").First).ToBeVisibleAsync();
        visit.AssertNoComplaints();
        await PicturesAsync(page.Url);
    }

    [Fact]
    public async Task A_session_outlives_a_restart_of_the_server()
    {
        await using var visit = await chromium.VisitAsync(rig.Server.Address);
        await visit.SignInAsync(token);

        await rig.RestartServerAsync();

        await visit.Page.GotoAsync(new Uri(rig.Server.Address, "/minions").ToString());
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "Minions" })).ToBeVisibleAsync();
    }

    /// <summary>Each screen, light and dark, wide and narrow, for eyes; nothing unless pictures are wanted.</summary>
    private async Task PicturesAsync(string target)
    {
        if (!BrowserVisit.WantsPictures)
        {
            return;
        }

        var groups = rig.Get<Groups>();
        var hand = await groups.CreateAsync("first-wave", null, "alex", CancellationToken.None);
        await groups.AddMembersAsync(
            Assert.IsType<GroupOutcome.Done>(hand).Group, [new(1), new(2), new(3)], CancellationToken.None);
        await groups.CreateAsync("sles", "G@os:SLES and not N@first-wave", "alex", CancellationToken.None);
        var screens = new (string Name, string Path)[]
        {
            ("overview", "/"), ("actions", "/actions"), ("new", "/actions/new"),
            ("action", "/actions/" + ActionOf(target)),
            ("target", target), ("minions", "/minions"), ("minion", "/minions/1"), ("pending", "/minions?key=pending"),
            ("groups", "/groups"), ("group", "/groups/1"), ("group-rule", "/groups/2"), ("group-new", "/groups/new"),
            ("refusal", "/none"), ("sign-in", "/sign-in"),
        };
        var looks = new[] { ColorScheme.Light, ColorScheme.Dark }
            .SelectMany(theme => new[] { (theme, 1280), (theme, 390) });
        foreach (var (theme, width) in looks)
        {
            await using var visit = await chromium.VisitAsync(
                rig.Server.Address,
                new() { ViewportSize = new() { Width = width, Height = 850 }, ColorScheme = theme });
            await visit.SignInAsync(token);
            foreach (var (name, path) in screens)
            {
                await visit.Page.GotoAsync(path);
                await visit.PictureAsync($"{name}-{theme}-{width}".ToLowerInvariant(), whole: false);
            }
        }
    }

    private static string ActionOf(string target) => new Uri(target).Segments[2].TrimEnd('/');

    [GeneratedRegex(@"^(9[5-9]|1[0-7]\d) of 200$")]
    private static partial Regex InProgress();
}
