using System.Net;
using System.Net.Http.Json;
using System.Text;
using Saltern.Contract;
using Xunit;

namespace Saltern.Server.Tests.Api;

public sealed class ActionEndpointsTests(LiveServer server) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task A_scheduled_action_is_shown_with_what_was_ordered_and_its_counts()
    {
        await server.AddMinionsAsync("shown", 3);
        using var answer = await server.Admin.PostAsJsonAsync("/api/v1/actions", new
        {
            kind = "ping", target = new { minions = new[] { "shown1", "shown2" }, keyDomain = "default" },
            description = "hello", batchSize = 1,
        });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var done = (await answer.Content.ReadFromJsonAsync<ActionScheduled>(ContractJson.Options))!;
        Assert.Equal(2, done.Targets);
        Assert.Equal($"/api/v1/actions/{done.Id}", answer.Headers.Location!.ToString());

        var shown = await server.GetAsync<ActionDetail>($"/api/v1/actions/{done.Id}");
        Assert.Equal(new StatusCounts(2, 2, 0, 0, 0, 0, 0), shown.Summary.Counts);
        Assert.Equal("Scheduled", shown.Summary.Status);
        Assert.StartsWith("admin", shown.Summary.CreatedBy, StringComparison.Ordinal);
        Assert.Equal("hello", shown.Summary.Description);
        Assert.Equal(1, shown.BatchSize);
        Assert.Equal(["shown1", "shown2"], shown.Target.Minions!);
        Assert.Equal("default", shown.Target.KeyDomain);
        Assert.Equal("schedule", Assert.Single(shown.Orders).Verb);
    }

    [Fact]
    public async Task An_order_without_kind_and_target_is_refused_with_both_named()
    {
        var problem = await RefusedAsync("/api/v1/actions", "{}", HttpStatusCode.UnprocessableEntity);
        Assert.Equal(["kind", "target"], problem.Errors!.Keys.Order());
    }

    [Fact]
    public async Task What_scheduling_refuses_is_told_by_argument()
    {
        var problem = await RefusedAsync(
            "/api/v1/actions", """{"kind":"nonsense","target":{"glob":"*"},"batchSize":0}""",
            HttpStatusCode.UnprocessableEntity);
        Assert.Equal(["batchSize", "kind"], problem.Errors!.Keys.Order());
        Assert.Contains("'nonsense'", problem.Errors["kind"][0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_minion_is_named()
    {
        var problem = await RefusedAsync(
            "/api/v1/actions", """{"kind":"ping","target":{"minions":["nobody-at-all"]}}""",
            HttpStatusCode.UnprocessableEntity);
        Assert.Contains("nobody-at-all", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kind":"ping","tarket":{"glob":"*"}}""", "tarket", "target")]
    [InlineData("""{"kind":"ping","target":{"globb":"*"}}""", "target.globb", "glob")]
    public async Task An_unknown_member_is_refused_by_its_name(string body, string path, string known)
    {
        var problem = await RefusedAsync("/api/v1/actions", body, HttpStatusCode.UnprocessableEntity);
        var (argument, messages) = Assert.Single(problem.Errors!);
        Assert.Equal(path, argument);
        Assert.Contains(known, messages[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_of_the_wrong_type_is_refused_by_its_path()
    {
        var problem = await RefusedAsync(
            "/api/v1/actions", """{"kind":"ping","target":{"glob":"*"},"batchSize":"many"}""",
            HttpStatusCode.UnprocessableEntity);
        Assert.Equal("batchSize", Assert.Single(problem.Errors!).Key);
    }

    [Theory]
    [InlineData("""{"kind":"ping","target":{"minions":["web1",null]}}""", "target.minions")]
    [InlineData("""{"kind":"ping","target":{"glob":"*"},"description":"a\u0000b"}""", "text")]
    public async Task Null_among_names_and_NUL_in_a_text_are_refused(string body, string path)
    {
        await server.AddMinionsAsync($"{path}-", 1);
        var problem = await RefusedAsync("/api/v1/actions", body, HttpStatusCode.UnprocessableEntity);
        Assert.StartsWith(path, Assert.Single(problem.Errors!).Key, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kind":""")]
    [InlineData("hello")]
    [InlineData("""{"kind":"ping","kind":"state.apply","target":{"glob":"*"}}""")]
    public async Task A_body_that_is_not_JSON_is_refused(string body)
    {
        var problem = await RefusedAsync("/api/v1/actions", body, HttpStatusCode.BadRequest);
        Assert.Equal("Not JSON", problem.Title);
    }

    [Fact]
    public async Task A_body_of_another_type_is_refused()
    {
        using var answer = await server.Admin.PostAsync("/api/v1/actions", new StringContent("kind=ping"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal("Not JSON", (await ProblemOf(answer)).Title);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        var body = $$"""{"kind":"ping","description":"{{new string('x', 5_000_000)}}"}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/actions");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.ExpectContinue = true;
        using var answer = await server.Admin.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("Too large", (await ProblemOf(answer)).Title);
    }

    [Theory]
    [InlineData("GET", "/api/v1/actions/999999")]
    [InlineData("GET", "/api/v1/actions/999999/targets")]
    [InlineData("GET", "/api/v1/actions/999999/targets/web1")]
    [InlineData("GET", "/api/v1/actions/999999/targets/web1/result")]
    [InlineData("GET", "/api/v1/events?action=999999")]
    [InlineData("POST", "/api/v1/actions/999999/cancel")]
    [InlineData("POST", "/api/v1/actions/999999/reschedule")]
    [InlineData("POST", "/api/v1/actions/999999/archive")]
    [InlineData("POST", "/api/v1/actions/999999/unarchive")]
    [InlineData("DELETE", "/api/v1/actions/999999")]
    [InlineData("GET", "/api/v1/nothing/here")]
    public async Task What_does_not_exist_is_404_and_says_so(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await server.Admin.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Matches("^(There is no|Action 999999 has no)", (await ProblemOf(answer)).Detail);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("after=abc", "after")]
    [InlineData("status=Done", "status")]
    [InlineData("archived=perhaps", "archived")]
    [InlineData("from=yesterday", "from")]
    public async Task A_list_asked_for_wrongly_is_refused_by_the_argument(string query, string argument)
    {
        using var answer = await server.Admin.GetAsync($"/api/v1/actions?{query}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal(argument, Assert.Single((await ProblemOf(answer)).Errors!).Key);
    }

    [Fact]
    public async Task Turning_pages_shows_each_action_once_though_others_are_scheduled_meanwhile()
    {
        await server.AddMinionsAsync("paged", 1);
        var expected = new List<long>();
        for (var i = 0; i < 7; i++)
        {
            expected.Add(await server.ScheduleAsync("paged*", new { description = "turned" }));
        }

        var seen = new List<long>();
        var next = "";
        do
        {
            var page = await server.GetAsync<Page<ActionSummary>>($"/api/v1/actions?limit=3{next}");
            seen.AddRange(page.Items.Where(item => item.Description == "turned").Select(item => item.Id));
            await server.ScheduleAsync("paged*", new { description = "in between" });
            next = page.Next is null ? null : $"&after={page.Next}";
        }
        while (next is not null);

        expected.Reverse();
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task Filters_show_what_they_say()
    {
        await server.AddMinionsAsync("filtered", 1);
        var ping = await server.ScheduleAsync("filtered*");
        var refresh = await server.ScheduleAsync("filtered*", new { kind = "package.refresh" });
        await server.SettleAsync(ping, "filtered1", "Completed", "20260301080000000001_s1", "true");
        (await server.Admin.PostAsync($"/api/v1/actions/{ping}/archive", null)).EnsureSuccessStatusCode();

        async Task<List<long>> Ids(string query) =>
            [.. (await server.GetAsync<Page<ActionSummary>>($"/api/v1/actions?limit=1000&{query}")).Items.Select(
                one => one.Id)];

        Assert.Contains(refresh, await Ids(""));
        Assert.DoesNotContain(ping, await Ids(""));
        Assert.Equal([ping], await Ids("archived=true"));
        Assert.Superset(new HashSet<long> { ping, refresh }, (await Ids("archived=all")).ToHashSet());
        Assert.Equal([refresh], await Ids("kind=package.refresh"));
        Assert.DoesNotContain(refresh, await Ids("status=Completed&status=Failed"));
        Assert.Contains(refresh, await Ids("status=Scheduled"));
        Assert.Empty(await Ids("createdBy=nobody"));
        Assert.Empty(await Ids("from=2999-01-01T00:00:00Z"));
        Assert.Empty(await Ids("to=1999-01-01T00:00:00Z"));
    }

    [Fact]
    public async Task Cancelling_tells_how_many_and_who_was_past_it()
    {
        await server.AddMinionsAsync("stopped", 3);
        var id = await server.ScheduleAsync("stopped*");
        await server.SettleAsync(id, "stopped1", "Completed", "20260301080000000002_s1", "true");
        using var answer = await server.Admin.PostAsJsonAsync(
            $"/api/v1/actions/{id}/cancel", new { minions = new[] { "stopped1", "stopped2" } });
        var done = (await answer.Content.ReadFromJsonAsync<CancelAnswer>(ContractJson.Options))!;
        Assert.Equal(1, done.Cancelled);
        Assert.Equal(["stopped1"], done.NotQueued);

        var many = Enumerable.Range(0, 500).Select(i => $"stopped{i}").ToArray();
        await server.Admin.PostAsJsonAsync($"/api/v1/actions/{id}/cancel", new { minions = many.Except(["stopped3"]) });
        var recorded = (await server.GetAsync<ActionDetail>($"/api/v1/actions/{id}")).Orders[0].Detail!.Value;
        Assert.Equal(499, recorded.GetProperty("named").GetInt32());
        Assert.Equal(20, recorded.GetProperty("minions").GetArrayLength());

        using var whole = await server.Admin.PostAsync($"/api/v1/actions/{id}/cancel", null);
        Assert.Equal(1, (await whole.Content.ReadFromJsonAsync<CancelAnswer>(ContractJson.Options))!.Cancelled);
    }

    [Fact]
    public async Task What_the_server_did_in_many_steps_leaves_room_for_the_orders_of_people()
    {
        await server.AddMinionsAsync("steps", 1);
        var id = await server.ScheduleAsync("steps*");
        await server.Database.ExecuteAsync("""
            insert into order_log (action_id, verb, actor, at, detail)
            select $1, 'channels ' || case when n % 2 = 0 then 'kept' else 'taken back' end, 'saltern',
                   timestamp with time zone '2026-03-01 22:00Z' + n * interval '0.1 s',
                   json_build_object('changes', n, 'minions', json_build_array('steps' || n))
            from generate_series(1, 2500) n
            """, id);
        await server.Database.ExecuteAsync("""
            insert into order_log (action_id, verb, actor, at, detail)
            select $1, 'restart ordered', 'saltern', timestamp with time zone '2026-03-01 22:06Z',
                   json_build_object('changes', 1, 'actions', json_build_array(n))
            from generate_series(1, 2) n
            """, id);

        var orders = (await server.GetAsync<ActionDetail>($"/api/v1/actions/{id}")).Orders;

        Assert.Equal(
            ["restart ordered", "restart ordered", "channels kept", "channels taken back", "schedule"],
            orders.Select(order => order.Verb));
        Assert.Equal("""{"changes":1500498,"times":999,"minions":["steps2500"]}""", orders[2].Detail.ToString());
        Assert.Equal("""{"changes":1,"actions":[2]}""", orders[0].Detail.ToString());
    }

    [Fact]
    public async Task An_unfinished_action_is_neither_archived_nor_deleted_and_a_finished_one_is()
    {
        await server.AddMinionsAsync("ended", 1);
        var id = await server.ScheduleAsync("ended*");
        foreach (var early in new[] { await server.Admin.PostAsync($"/api/v1/actions/{id}/archive", null),
            await server.Admin.DeleteAsync($"/api/v1/actions/{id}") })
        {
            Assert.Equal(HttpStatusCode.Conflict, early.StatusCode);
            Assert.Contains("Scheduled", (await ProblemOf(early)).Detail, StringComparison.Ordinal);
        }

        (await server.Admin.PostAsync($"/api/v1/actions/{id}/cancel", null)).EnsureSuccessStatusCode();
        Assert.Equal(
            HttpStatusCode.NoContent, (await server.Admin.PostAsync($"/api/v1/actions/{id}/archive", null)).StatusCode);
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await server.Admin.PostAsync($"/api/v1/actions/{id}/unarchive", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await server.Admin.DeleteAsync($"/api/v1/actions/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Admin.GetAsync($"/api/v1/actions/{id}")).StatusCode);
    }

    [Fact]
    public async Task Rescheduling_queues_the_failed_or_all()
    {
        await server.AddMinionsAsync("again", 2);
        var id = await server.ScheduleAsync("again*");
        await server.SettleAsync(id, "again1", "Completed", "20260301080000000003_s1", "true");
        await server.SettleAsync(id, "again2", "Failed", "20260301080000000004_s1", "false");

        using var wrong =
            await server.Admin.PostAsJsonAsync($"/api/v1/actions/{id}/reschedule", new { scope = "some" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        using var failed = await server.Admin.PostAsync($"/api/v1/actions/{id}/reschedule", null);
        Assert.Equal(1, (await failed.Content.ReadFromJsonAsync<RescheduleAnswer>(ContractJson.Options))!.Queued);
        using var none = await server.Admin.PostAsync($"/api/v1/actions/{id}/reschedule", null);
        Assert.Equal(HttpStatusCode.Conflict, none.StatusCode);
        using var all = await server.Admin.PostAsJsonAsync($"/api/v1/actions/{id}/reschedule", new { scope = "all" });
        Assert.Equal(1, (await all.Content.ReadFromJsonAsync<RescheduleAnswer>(ContractJson.Options))!.Queued);
    }

    [Fact]
    public async Task Any_function_of_Salt_needs_its_own_permission_also_when_rescheduled()
    {
        await server.AddMinionsAsync("called", 1);
        using var client = server.Client(await server.CreateTokenAsync(PermissionNames.Schedule));
        var order =
            new { kind = "salt.call", target = new { glob = "called*" }, arguments = new { function = "test.ping" } };
        using var refused = await client.PostAsJsonAsync("/api/v1/actions", order);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("salt.call", (await ProblemOf(refused)).Detail, StringComparison.Ordinal);

        using var holder =
            server.Client(await server.CreateTokenAsync(PermissionNames.Schedule, PermissionNames.SaltCall));
        using var taken = await holder.PostAsJsonAsync("/api/v1/actions", order);
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        var id = (await taken.Content.ReadFromJsonAsync<ActionScheduled>(ContractJson.Options))!.Id;
        (await client.PostAsync($"/api/v1/actions/{id}/cancel", null)).EnsureSuccessStatusCode();
        using var again = await client.PostAsync($"/api/v1/actions/{id}/reschedule", null);
        Assert.Equal(HttpStatusCode.Forbidden, again.StatusCode);
    }

    internal static async Task<Problem> ProblemOf(HttpResponseMessage answer)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return (await answer.Content.ReadFromJsonAsync<Problem>(ContractJson.Options))!;
    }

    private async Task<Problem> RefusedAsync(string path, string body, HttpStatusCode status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await server.Admin.PostAsync(path, content);
        Assert.Equal(status, answer.StatusCode);
        return await ProblemOf(answer);
    }
}
