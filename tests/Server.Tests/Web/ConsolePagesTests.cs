using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Contract;
using Saltern.Server.Access;
using Saltern.Server.Tests.Api;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>What the console's pages let whom do, seen as a browser sees it on the wire.</summary>
public sealed partial class ConsolePagesTests(LiveServer server) : IClassFixture<LiveServer>
{
    [Theory]
    [InlineData("/")]
    [InlineData("/actions")]
    [InlineData("/actions/new")]
    [InlineData("/minions")]
    [InlineData("/groups")]
    [InlineData("/groups/new")]
    public async Task A_stranger_is_sent_to_sign_in_and_from_there_back(string path)
    {
        using var stranger = Browser();
        using var answer = await stranger.GetAsync(path);

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal(
            path == "/" ? "/sign-in" : $"/sign-in?to={Uri.EscapeDataString(path)}",
            answer.Headers.Location!.OriginalString);
        using var again = await SignInAsync(stranger, server.AdminToken, path);
        Assert.Equal(path, again.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_part_of_a_page_and_the_stream_are_refused_to_a_stranger_without_a_page_in_their_place()
    {
        using var stranger = Browser();
        foreach (var path in new[] { "/parts/overview", "/live" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("HX-Request", "true");
            using var answer = await stranger.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("/sign-in", answer.Headers.GetValues("HX-Redirect").Single());
        }
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("javascript:alert(1)")]
    public async Task Signing_in_leads_nowhere_else(string to)
    {
        using var browser = Browser();
        using var answer = await SignInAsync(browser, server.AdminToken, to);
        Assert.Equal("/", answer.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("slt_unknownunknownunknownunknownunknownunknownu", "not known here")]
    [InlineData("secret", "not a token of Saltern")]
    public async Task A_token_that_does_not_hold_is_refused_with_the_reason(string token, string reason)
    {
        using var browser = Browser();
        using var answer = await SignInAsync(browser, token, "/");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(
            answer.Headers,
            header => header.Key == "Set-Cookie" && header.Value.Any(one => one.StartsWith("saltern=")));
    }

    [Fact]
    public async Task A_revoked_token_ends_its_session_at_once()
    {
        var tokens = server.Services.GetRequiredService<Tokens>();
        var made = (TokenCreation.Created)await tokens.CreateAsync(
            "to be revoked", [PermissionNames.Read], null, "a test", CancellationToken.None);
        using var browser = await SignedInAsync(made.Token);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/actions")).StatusCode);

        Assert.True(await tokens.RevokeAsync("to be revoked", CancellationToken.None));
        Assert.Equal(HttpStatusCode.Found, (await browser.GetAsync("/actions")).StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        using var browser = await SignedInAsync(server.AdminToken);
        (await PostAsync(browser, "/", "/sign-out", [])).Dispose();
        Assert.Equal(HttpStatusCode.Found, (await browser.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task Whoever_may_only_read_sees_no_buttons_and_is_refused_with_a_page()
    {
        await server.AddMinionsAsync("readonly", 1);
        var action = await server.ScheduleAsync("readonly1");
        await server.MakeGroupAsync("readonly", new { minions = new[] { "readonly1" } });
        var group = await server.GroupPathAsync("readonly");
        var token = await server.CreateTokenAsync(PermissionNames.Read);
        using var reader = await SignedInAsync(token);

        foreach (var path in new[]
        {
            "/", "/actions", $"/actions/{action}", "/minions", $"/actions/{action}/targets/readonly1", "/groups", group,
        })
        {
            var page = await reader.GetStringAsync(path);
            Assert.DoesNotContain("data-dialog", page, StringComparison.Ordinal);
            Assert.DoesNotContain("/actions/new", page, StringComparison.Ordinal);
            Assert.DoesNotContain("/minions/accept\" formaction", page, StringComparison.Ordinal);
            Assert.DoesNotContain("/groups/new", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<textarea", page, StringComparison.Ordinal);
            Assert.DoesNotContain("name=\"minion\"", page, StringComparison.Ordinal);
        }

        foreach (var path in new[]
        {
            $"/actions/{action}/cancel", $"/actions/{action}/delete", "/actions/new", "/minions/accept", "/groups/new",
            $"{group}/edit", $"{group}/add", $"{group}/remove", $"{group}/delete",
        })
        {
            using var answer = await PostAsync(reader, "/", path, []);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("lacks the permission", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        foreach (var path in new[] { "/actions/new", "/groups/new", $"{group}/edit" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await reader.GetAsync(path)).StatusCode);
        }

        Assert.Equal(1, (await server.GetAsync<GroupSummary>("/api/v1/groups/readonly")).Members);
        Assert.Equal("Scheduled", (await server.GetAsync<ActionDetail>($"/api/v1/actions/{action}")).Summary.Status);
    }

    [Fact]
    public async Task A_list_without_actions_invites_only_those_who_may_schedule()
    {
        const string Invitation = "href=\"/actions/new\"";
        await server.Database.ExecuteAsync("delete from action");
        using var reader = await SignedInAsync(await server.CreateTokenAsync(PermissionNames.Read));
        using var admin = await SignedInAsync(server.AdminToken);
        foreach (var path in new[] { "/parts/overview", "/parts/actions" })
        {
            Assert.Contains(Invitation, await admin.GetStringAsync(path), StringComparison.Ordinal);
            Assert.DoesNotContain(Invitation, await reader.GetStringAsync(path), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_form_from_elsewhere_orders_nothing()
    {
        await server.AddMinionsAsync("elsewhere", 1);
        var action = await server.ScheduleAsync("elsewhere1");
        using var admin = await SignedInAsync(server.AdminToken);

        using var forged = await admin.PostAsync($"/actions/{action}/cancel", new FormUrlEncodedContent([]));
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Equal("Scheduled", (await server.GetAsync<ActionDetail>($"/api/v1/actions/{action}")).Summary.Status);

        using var own = await PostAsync(admin, $"/actions/{action}", $"/actions/{action}/cancel", []);
        Assert.Equal($"/actions/{action}", own.Headers.Location!.OriginalString);
        Assert.Equal("Cancelled", (await server.GetAsync<ActionDetail>($"/api/v1/actions/{action}")).Summary.Status);
        const string Notice = "1 target will not run.";
        Assert.Contains(Notice, await admin.GetStringAsync($"/actions/{action}"), StringComparison.Ordinal);
        Assert.DoesNotContain(Notice, await admin.GetStringAsync($"/actions/{action}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_open_page_that_asks_for_a_part_that_is_gone_takes_no_sentence_from_the_page_that_follows()
    {
        await server.AddMinionsAsync("gone", 1);
        var action = await server.ScheduleAsync("gone1");
        using var admin = await SignedInAsync(server.AdminToken);
        using var cancelled = await PostAsync(admin, $"/actions/{action}", $"/actions/{action}/cancel", []);

        using var part = new HttpRequestMessage(HttpMethod.Get, "/parts/actions/999999");
        part.Headers.Add("HX-Request", "true");
        Assert.Equal(HttpStatusCode.NotFound, (await admin.SendAsync(part)).StatusCode);

        const string Notice = "1 target will not run.";
        Assert.Contains(Notice, await admin.GetStringAsync($"/actions/{action}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cookie_is_no_good_for_the_REST_interface()
    {
        using var admin = await SignedInAsync(server.AdminToken);
        Assert.Equal(HttpStatusCode.Unauthorized, (await admin.GetAsync("/api/v1/actions")).StatusCode);
    }

    [Fact]
    public async Task What_is_wrong_with_an_order_is_said_beside_the_field_and_what_was_written_stays()
    {
        using var admin = await SignedInAsync(server.AdminToken);
        using var answer = await PostAsync(admin, "/actions/new", "/actions/new", new()
        {
            ["kind"] = "state.apply",
            ["arguments.states"] = "web.nginx --evil",
            ["arguments.pillar"] = "{not json",
            ["way"] = "minions",
            ["target.minions"] = "nobody-knows-me",
            ["batchSize"] = "many",
            ["description"] = "my note",
        });
        var page = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("web.nginx --evil", page, StringComparison.Ordinal);
        Assert.Contains("{not json", page, StringComparison.Ordinal);
        Assert.Contains("my note", page, StringComparison.Ordinal);
        Assert.Matches("""(?s)id="arguments\.pillar".*?field-error.*?This is not JSON""", page);
        Assert.Matches("""(?s)id="batchSize".*?field-error.*?neither a number""", page);

        using var second = await PostAsync(admin, "/actions/new", "/actions/new", new()
        {
            ["kind"] = "state.apply",
            ["arguments.states"] = "--evil",
            ["way"] = "glob",
            ["target.glob"] = "*",
        });
        Assert.Matches(
            """(?s)id="arguments\.states".*?field-error.*?is not the name of an sls""",
            await second.Content.ReadAsStringAsync());

        using var third = await PostAsync(admin, "/actions/new", "/actions/new", new()
        {
            ["kind"] = "ping",
            ["way"] = "minions",
            ["target.minions"] = "nobody-knows-me",
        });
        Assert.Matches(
            """(?s)id="target\.minions".*?nobody-knows-me.*?field-error.*?nobody-knows-me""",
            await third.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Every_answer_carries_the_headers_that_keep_a_browser_safe()
    {
        using var admin = await SignedInAsync(server.AdminToken);
        foreach (var path in new[]
        {
            "/", "/sign-in", "/console.js", "/nothing-here", "/actions/999999", "/api/v1/none",
        })
        {
            using var answer = await admin.GetAsync(path);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith(
                "default-src 'self'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
            Assert.EndsWith(
                "frame-ancestors 'none'; base-uri 'none'; form-action 'self'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
        }
    }

    [Theory]
    [InlineData("/nothing-here", HttpStatusCode.NotFound, "There is nothing at")]
    [InlineData("/actions/999999", HttpStatusCode.NotFound, "There is no action 999999")]
    [InlineData("/actions/999999/targets/x", HttpStatusCode.NotFound, "has no target")]
    [InlineData("/minions/999999", HttpStatusCode.NotFound, "There is no such minion")]
    [InlineData("/groups/999999", HttpStatusCode.NotFound, "There is no such group")]
    [InlineData("/groups/999999/edit", HttpStatusCode.NotFound, "There is no such group")]
    [InlineData("/actions?after=x", HttpStatusCode.BadRequest, "cannot be read")]
    public async Task A_refusal_is_a_page_that_says_why(string path, HttpStatusCode status, string says)
    {
        using var admin = await SignedInAsync(server.AdminToken);
        using var answer = await admin.GetAsync(path);
        Assert.Equal(status, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains(says, page, StringComparison.Ordinal);
        Assert.Contains("<!DOCTYPE html>", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "data-bs-theme=\"light\" data-theme-choice=\"system\"")]
    [InlineData("dark", "data-bs-theme=\"dark\" data-theme-choice=\"dark\"")]
    [InlineData("\"><script>", "data-bs-theme=\"light\" data-theme-choice=\"system\"")]
    public async Task The_theme_that_was_chosen_is_in_the_page_before_any_script_runs(string? cookie, string expected)
    {
        using var browser = Browser();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/sign-in");
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", $"saltern-theme={cookie}");
        }

        using var answer = await browser.SendAsync(request);
        Assert.Contains(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_page_holds_a_script_or_a_style_of_its_own()
    {
        await server.AddMinionsAsync("plain", 1);
        var action = await server.ScheduleAsync("plain1");
        using var admin = await SignedInAsync(server.AdminToken);
        await server.MakeGroupAsync("plain", new { minions = new[] { "plain1" } });
        foreach (var path in new[]
        {
            "/", "/actions", "/actions/new", $"/actions/{action}", "/minions", "/sign-in", "/groups", "/groups/new",
            await server.GroupPathAsync("plain"),
        })
        {
            var page = await admin.GetStringAsync(path);
            Assert.DoesNotMatch("""<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:""", page);
            Assert.DoesNotMatch("""(src|href)="https?://""", page);
        }
    }

    private HttpClient Browser() => new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new() })
    {
        BaseAddress = server.Address,
        Timeout = TimeSpan.FromSeconds(60),
    };

    private async Task<HttpClient> SignedInAsync(string token)
    {
        var browser = Browser();
        using var answer = await SignInAsync(browser, token, "/");
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return browser;
    }

    private static Task<HttpResponseMessage> SignInAsync(HttpClient browser, string token, string to) =>
        PostAsync(browser, "/sign-in", "/sign-in", new() { ["token"] = token, ["to"] = to });

    /// <summary>Sends a form as if it were on that page.</summary>
    private static async Task<HttpResponseMessage> PostAsync(
        HttpClient browser, string page, string path, Dictionary<string, string> fields)
    {
        var html = await browser.GetStringAsync(page);
        fields["__RequestVerificationToken"] = WebUtility.HtmlDecode(FormToken().Match(html).Groups[1].Value);
        return await browser.PostAsync(path, new FormUrlEncodedContent(fields));
    }

    [GeneratedRegex("""name="__RequestVerificationToken" value="([^"]+)""")]
    private static partial Regex FormToken();
}
