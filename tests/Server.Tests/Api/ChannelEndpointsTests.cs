using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Cli;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Channels;
using Saltern.Server.Tests.Cli;
using Saltern.Server.Tests.Gates;
using Xunit;

namespace Saltern.Server.Tests.Api;

public sealed class ChannelEndpointsTests(LiveServer server) : IClassFixture<LiveServer>
{
    private static readonly string Leap = Path.Combine(SourceTree.Root, "docs/examples/leap.yaml");

    [Fact]
    public async Task The_example_is_imported_listed_cloned_assigned_and_asked_for_targets()
    {
        await server.AddMinionsAsync("leap", 2);
        await server.Database.ExecuteAsync("""
            with made as (
                insert into product_set (digest, products) values ('\x01',
                    '[{"name":"Leap","version":"15.5","release":"1","arch":"x86_64","isBase":true}]') returning id)
            insert into minion_software (minion_key, product_set_id, products_at)
            select minion_key, made.id, now() from minion, made where minion_id = 'leap1'
            """);
        var imported = await RunAsync("products", "import", Leap);
        Assert.Equal((ExitCodes.Ok, ""), (imported.ExitCode, imported.Error));
        Assert.Contains("yaml:opensuse-leap is imported", imported.Output, StringComparison.Ordinal);
        Assert.Contains(
            "leap-15.6-x86_64", (await RunAsync("products", "list", "--search", "15.5")).Output,
            StringComparison.Ordinal);
        Assert.Contains("leap-15.6-oss-x86_64", (await RunAsync("channels", "list")).Output, StringComparison.Ordinal);

        var cloned = await RunAsync(
            "channels", "clone", "leap-15.5-oss-x86_64", "prod-leap", "--family", "prod", "--url", "https://own/leap/");
        Assert.Equal(ExitCodes.Ok, cloned.ExitCode);
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(
            "minions/leap1/channels", new { @base = "prod-leap", children = new[] { "leap-15.5-sle-x86_64" } }));
        Assert.Equal(
            ("prod-leap", "leap-15.5-sle-x86_64"),
            await server.GetAsync<MinionChannels>("/api/v1/minions/leap1/channels") is var assigned
                ? (assigned.Base, assigned.Children.Single()) : default);

        var targets = await server.GetAsync<ServicePackAnswer>("/api/v1/servicepack/targets?minion=leap1");
        var target = Assert.Single(Assert.Single(targets.Groups).Targets);
        Assert.False(target.Possible);
        Assert.Contains(target.WhyNot, reason => reason.Code == "cloneMissing");
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync("minions/leap1/channels", new { }));
        Assert.Null((await server.GetAsync<MinionChannels>("/api/v1/minions/leap1/channels")).Base);
        var shown = await RunAsync("servicepack", "targets", "leap1", "leap2", "--channels");
        Assert.Contains("possible  openSUSE Leap 15.6 x86_64", shown.Output, StringComparison.Ordinal);
        Assert.Contains("1 without a target: it never told its products", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_is_ordered_and_reported_from_the_command_line()
    {
        await server.AddMinionsAsync("sp", 2);
        var ordered = await RunAsync(
            "servicepack", "migrate", "--to", "leap-15.6-x86_64", "--glob", "sp*", "--remove-limit", "3", "--channel",
            "extra", "--at", "2099-01-01T00:00:00Z");
        Assert.Equal((ExitCodes.Ok, ""), (ordered.ExitCode, ordered.Error));
        var id = ordered.Output.Split(' ')[1];
        var action = await server.GetAsync<ActionDetail>($"/api/v1/actions/{id}");
        Assert.Equal("servicepack.migrate", action.Summary.Kind);
        Assert.Equal(
            """{"target":"leap-15.6-x86_64","dryRun":true,"channels":["extra"],"removeLimit":3}""",
            action.Arguments.ToString().Replace(" ", "", StringComparison.Ordinal));

        var report = await RunAsync("servicepack", "report", id);
        Assert.StartsWith("0 of 2 would succeed", report.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("servicepack", "changes", "--attention")).ExitCode);
        Assert.NotEqual(ExitCodes.Ok, (await RunAsync("servicepack", "report", "999999")).ExitCode);
        var refused = await RunAsync(
            "servicepack", "migrate", "--to", "x", "--glob", "sp*", "--reboot");
        Assert.Contains("A dry run changes nothing", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mirrors_clones_and_assignments_are_set_and_shown_from_the_command_line()
    {
        await RunAsync("products", "import", Leap);
        await server.AddMinionsAsync("cli", 1);
        var mirrors = await RunAsync("channels", "mirrors", "https://a.example/=https://b.example/x=y/");
        Assert.Contains("https://b.example/x=y/", mirrors.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("channels", "mirrors", "https://a.example/")).ExitCode);
        Assert.Contains("b.example", (await RunAsync("channels", "mirrors")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "b.example", (await RunAsync("channels", "mirrors", "--none")).Output, StringComparison.Ordinal);

        var cloned = await RunAsync(
            "channels", "clone", "leap-15.5-sle-x86_64", "cli-clone", "--family", "cli", "--url", "https://own/cli/");
        Assert.Equal(
            (ExitCodes.Ok, "cli-clone is a clone of leap-15.5-sle-x86_64"), (cloned.ExitCode, cloned.Error.Trim()));
        Assert.Equal(ExitCodes.Ok, (await RunAsync(
            "channels", "assign", "cli1", "--base", "leap-15.5-oss-x86_64", "--child", "leap-15.5-sle-x86_64",
            "--child", "leap-15.5-backports-x86_64")).ExitCode);
        Assert.Contains(
            "on record: leap-15.5-oss-x86_64 leap-15.5-backports-x86_64 leap-15.5-sle-x86_64",
            (await RunAsync("channels", "show", "cli1")).Output, StringComparison.Ordinal);
        foreach (var (told, word) in new[]
        {
            ((DateTimeOffset?)null, "it never told its repositories"), (DateTimeOffset.UnixEpoch, ", before that: "),
            (DateTimeOffset.UnixEpoch.AddYears(200), "its repositories are of 2170-01-01 00:00:00Z\n"),
        })
        {
            await server.Database.ExecuteAsync(
                """
                insert into minion_software (minion_key, repositories, repositories_at)
                select minion_key, case when $1::timestamptz is not null then '[]'::json end, $1
                from minion where minion_id = 'cli1'
                on conflict (minion_key) do update
                set repositories = excluded.repositories, repositories_at = excluded.repositories_at
                """,
                (object?)told ?? DBNull.Value);
            Assert.Contains(word, (await RunAsync("channels", "show", "cli1")).Output, StringComparison.Ordinal);
        }

        Assert.Equal(ExitCodes.Usage, (await RunAsync("channels", "assign", "cli1")).ExitCode);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("channels", "assign", "cli1", "--none")).ExitCode);
        Assert.StartsWith(
            "no channels are on record", (await RunAsync("channels", "show", "cli1")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, (await RunAsync("channels", "unclone", "cli-clone")).ExitCode);
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("channels", "unclone", "cli-clone")).ExitCode);
    }

    [Fact]
    public async Task Channels_are_assigned_to_a_fleet_but_not_to_those_whose_channels_are_being_changed()
    {
        await RunAsync("products", "import", Leap);
        await server.AddMinionsAsync("many", 2_100);
        await server.Database.ExecuteAsync("""
            insert into minion_hold (minion_key, admits, reason, since)
            select minion_key, '{1}', 'its channels are changed by action 1', now() from minion
            where minion_id = 'many7'
            """);

        var assigned = await RunAsync("channels", "assign", "--glob", "many*", "--base", "leap-15.5-oss-x86_64");

        Assert.Equal(ExitCodes.ActionFailed, assigned.ExitCode);
        Assert.StartsWith("On record for 2099 minions", assigned.Output, StringComparison.Ordinal);
        Assert.Equal("left as it is: many7: its channels are changed by action 1", assigned.Error.Trim());
        const string Counted = """
            select count(*) from minion_channel c join minion m using (minion_key)
            where m.minion_id like 'many%' and c.base_label = 'leap-15.5-oss-x86_64'
            """;
        Assert.Equal(2_099, await server.Database.ScalarAsync<long>(Counted));
        foreach (var wrong in new object[]
        {
            new { @base = "leap-15.5-oss-x86_64" }, new { target = new { glob = "many*", group = "x" } },
            new { target = new { glob = "many*" }, @base = "nosuch" },
            new { target = new { glob = "many*" }, children = new[] { "leap-15.5-sle-x86_64" } },
            new { target = new { minions = new[] { "nobody" } } },
        })
        {
            using var refused = await server.Admin.PostAsJsonAsync("/api/v1/channels/assignments", wrong);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        }

        Assert.Equal(2_099, await server.Database.ScalarAsync<long>(Counted));
    }

    [Fact]
    public async Task What_nobody_knows_is_decided_and_a_test_case_is_fetched_from_the_command_line()
    {
        await server.AddMinionsAsync("odd", 1);
        var change = await server.Database.ScalarAsync<long>("""
            insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, after, state,
                                        attention, recorded_at)
            select 999998, minion_key, '1-1', false, 'x', '', '{"Base":"b","Children":[]}', 'Unknown', 'lost', now()
            from minion where minion_id = 'odd1' returning id
            """);
        var id = $"{change}";
        Assert.Equal(ExitCodes.Usage, (await RunAsync("servicepack", "decide", id)).ExitCode);
        var kept = await RunAsync("servicepack", "decide", id, "--keep");
        Assert.Equal((ExitCodes.Ok, "The new channels stay."), (kept.ExitCode, kept.Error.Trim()));
        Assert.Equal(ExitCodes.NotFound, (await RunAsync("servicepack", "decide", "999999", "--keep")).ExitCode);

        Assert.Equal(ExitCodes.Usage, (await RunAsync("servicepack", "testcase", id, "--out", Leap)).ExitCode);
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var fetching = RunAsync("servicepack", "testcase", id, "--out", file);
        var action = 0L;
        await ServerRig.UntilAsync(
            async () => action = await server.Database.ScalarAsync<long>(
                """
                select coalesce(max(id), 0) from action
                where kind = 'servicepack.testcase' and target::text like '%odd1%'
                """),
            ordered => ordered > 0, "it is ordered");
        await RunAsync("actions", "cancel", $"{action}");
        var ended = await fetching;
        Assert.NotEqual(ExitCodes.Ok, ended.ExitCode);
        Assert.Contains("odd1: cancelled by", ended.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_test_case_of_a_minion_that_is_held_is_not_waited_for_without_end()
    {
        await server.AddMinionsAsync("held", 1);
        var change = await server.Database.ScalarAsync<long>("""
            with held as (
                insert into minion_hold (minion_key, admits, reason, since)
                select minion_key, '{}', 'its channels are changed by action 1', now() from minion
                where minion_id = 'held1')
            insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, after, state,
                                        recorded_at)
            select 1, minion_key, '1-1', false, 'x', '', '{"Base":"b","Children":[]}', 'Open', now()
            from minion where minion_id = 'held1' returning id
            """);

        var fetching = await RunAsync(
            "servicepack", "testcase", $"{change}", "--wait", "0", "--out",
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));

        Assert.Equal(ExitCodes.ActionFailed, fetching.ExitCode);
        Assert.Contains("held1: its channels are changed by action 1", fetching.Error, StringComparison.Ordinal);
        Assert.Contains(
            "within 0 s (Queued: its channels are changed by action 1", fetching.Error, StringComparison.Ordinal);
        await server.Database.ExecuteAsync("delete from channel_change where id = $1", change);
    }

    [Fact]
    public async Task Targets_are_shown_page_by_page_and_it_is_said_when_there_are_more()
    {
        await server.AddMinionsAsync("page", 3);
        await server.Database.ExecuteAsync("""
            insert into minion_channel
            select minion_key, 'own-' || minion_id, '{}', 'tester', now() from minion where minion_id like 'page%'
            """);

        var all = await RunAsync("servicepack", "targets", "--glob", "page*");
        var some = await RunAsync("servicepack", "targets", "--glob", "page*", "--limit", "2");

        Assert.Contains("page3:", all.Output, StringComparison.Ordinal);
        Assert.Equal("", all.Error);
        Assert.DoesNotContain("page3:", some.Output, StringComparison.Ordinal);
        Assert.Contains("more groups than these 2", some.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_imported_is_refused_with_its_places()
    {
        using var answer = await server.Admin.PostAsync(
            "/api/v1/products/import?format=scc", new StringContent("""[{"id":1}]"""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var problem = (await answer.Content.ReadFromJsonAsync<Problem>(ContractJson.Options))!;
        Assert.Contains("[0].identifier", problem.Errors!.Keys);
        Assert.Equal("Nothing was changed.", problem.Errors!["import"].Single());
        using var odd = await server.Admin.PostAsync("/api/v1/products/import?format=xml", new StringContent("[]"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, odd.StatusCode);
    }

    [Fact]
    public async Task Orders_about_channels_that_cannot_be_are_refused()
    {
        await RunAsync("products", "import", Leap);
        await server.AddMinionsAsync("refused", 1);
        foreach (var body in new object[]
        {
            new { @base = "no-such" }, new { children = new[] { "leap-15.5-sle-x86_64" } },
            new { @base = "leap-15.5-sle-x86_64" },
            new { @base = "leap-15.5-oss-x86_64", children = new[] { "leap-15.5-oss-x86_64" } },
        })
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, await PutAsync("minions/refused1/channels", body));
        }

        Assert.Equal(HttpStatusCode.NotFound, await PutAsync("minions/nobody/channels", new { }));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await PutAsync(
            "channels/mirrors", new { mirrors = new[] { new { prefix = "https://a/", target = "https://b" } } }));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await PutAsync(
            "channels/mirrors", new { mirrors = new[] { new { prefix = "https://a/", target = "https://u:p@b/" } } }));
        Assert.Equal(ExitCodes.Usage, (await RunAsync("channels", "clone", "no-such", "x")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await RunAsync("channels", "check", "no-such")).ExitCode);
        using var reader = server.Client(await server.CreateTokenAsync(PermissionNames.Read));
        using var forbidden = await reader.PostAsync("/api/v1/products/import?format=scc", new StringContent("[]"));
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }

    [Fact]
    public async Task Channels_are_checked_at_the_addresses_of_their_mirrors()
    {
        await using var web = await RepositoriesAsync();
        var checks = server.Services.GetRequiredService<ChannelChecks>();
        await RunAsync("products", "import", Leap);
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync("channels/mirrors", new
        {
            mirrors = new[] { new { prefix = "https://download.opensuse.org/", target = $"{web.Urls.First()}/" } },
        }));
        string[] labels = ["leap-15.6-oss-x86_64", "leap-15.6-sle-x86_64", "leap-15.6-backports-x86_64"];
        using var asked = await server.Admin.PostAsJsonAsync("/api/v1/channels/check", new { labels });
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        while (await checks.CountWantedAsync(CancellationToken.None) > 0)
        {
            await checks.RunOnceAsync(CancellationToken.None);
        }

        var page = await server.GetAsync<Page<ChannelSummary>>("/api/v1/channels?search=leap-15.6&limit=1000");
        var found = page.Items.ToDictionary(one => one.Label);
        Assert.True(found[labels[0]].Available, found[labels[0]].Reason);
        Assert.Equal(
            (false, "there is no repodata/repomd.xml (404)"),
            (found[labels[1]].Available, found[labels[1]].Reason));
        Assert.Equal(
            (false, "what is at repodata/repomd.xml is none"),
            (found[labels[2]].Available, found[labels[2]].Reason));
        Assert.Null(found["leap-15.6-update-oss-x86_64"].Available);
        Assert.NotNull(found[labels[0]].OriginalUrl);
        await PutAsync("channels/mirrors", new { mirrors = Array.Empty<object>() });
    }

    /// <summary>A web server with one repository, and a sign-in page where another should be.</summary>
    private static async Task<WebApplication> RepositoriesAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var web = builder.Build();
        web.Urls.Add("http://127.0.0.1:0");
        web.MapGet("/distribution/leap/15.6/repo/oss/repodata/repomd.xml", () => "<?xml version=\"1.0\"?><repomd/>");
        web.MapGet("/update/leap/15.6/backports/repodata/repomd.xml", () => "<html>Sign in</html>");
        await web.StartAsync();
        return web;
    }

    private async Task<HttpStatusCode> PutAsync(string path, object body)
    {
        using var answer = await server.Admin.PutAsJsonAsync($"/api/v1/{path}", body);
        return answer.StatusCode;
    }

    private Task<CliRun> RunAsync(params string[] args) =>
        CliRun.OfAsync([.. args, "--server", server.Address.ToString(), "--token", server.AdminToken]);
}
