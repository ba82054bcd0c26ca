using System.Net;
using System.Net.Http.Json;
using Saltern.Contract;
using Xunit;

namespace Saltern.Server.Tests.Api;

public sealed class TargetEndpointsTests(LiveServer server) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task Turning_pages_shows_each_target_once_by_status_and_without()
    {
        await server.AddMinionsAsync("turn", 25);
        var id = await server.ScheduleAsync("turn*");
        await server.SettleAsync(id, "turn7", "Completed", "20260301080000000101_s1", "true");

        Assert.Equal(25, (await AllAsync(id, "")).Distinct().Count());
        Assert.Equal(24, (await AllAsync(id, "&status=Queued")).Distinct().Count());
        Assert.Equal(["turn7"], await AllAsync(id, "&status=Completed"));
        Assert.Empty(await AllAsync(id, "&status=Skipped"));
    }

    [Fact]
    public async Task A_target_shows_its_attempts_with_what_came_back()
    {
        await server.AddMinionsAsync("detail", 1);
        var id = await server.ScheduleAsync("detail*");
        await server.SettleAsync(id, "detail1", "Failed", "20260301080000000102_s1", """{"odd":"a\u0000b \ud83d"}""");
        (await server.Admin.PostAsync($"/api/v1/actions/{id}/reschedule", null)).EnsureSuccessStatusCode();
        await server.SettleAsync(id, "detail1", "Completed", "20260301080000000103_s1", "\"fine\"");

        var target = await server.GetAsync<TargetDetail>($"/api/v1/actions/{id}/targets/detail1");
        Assert.Equal("Completed", target.Summary.Status);
        Assert.Equal([2, 1], target.Attempts.Select(one => one.Number));
        Assert.Equal("20260301080000000103_s1", target.Attempts[0].Jid);
        Assert.Equal("one", target.Attempts[0].Master);
        Assert.Equal(new ResultText("\"fine\"", 6, false, false), target.Attempts[0].Result);
        Assert.Equal("""{"odd":"a\u0000b \ud83d"}""", target.Attempts[1].Result!.Text);
        Assert.Equal("""{"odd":"a\u0000b \ud83d"}""", await ResultAsync(id, "detail1", "?attempt=1"));
        Assert.Equal("\"fine\"", await ResultAsync(id, "detail1", ""));
    }

    [Fact]
    public async Task A_large_result_is_cut_where_it_is_shown_and_whole_where_it_is_downloaded()
    {
        await server.AddMinionsAsync("large", 1);
        var id = await server.ScheduleAsync("large*");
        var body = $"\"{string.Concat(Enumerable.Repeat("ä😀", 100_000))}\"";
        await server.SettleAsync(id, "large1", "Completed", "20260301080000000104_s1", body);

        var result = (await server.GetAsync<TargetDetail>($"/api/v1/actions/{id}/targets/large1")).Attempts[0].Result!;
        Assert.True(result.Cut);
        Assert.Equal(200_002, result.Size);
        Assert.StartsWith(result.Text, body, StringComparison.Ordinal);
        Assert.Equal(body, await ResultAsync(id, "large1", ""));
    }

    [Fact]
    public async Task When_the_day_of_the_job_cache_is_gone_what_was_kept_is_shown()
    {
        await server.AddMinionsAsync("kept", 2);
        var id = await server.ScheduleAsync("kept*");
        await server.SettleAsync(id, "kept1", "Completed", "20260301080000000105_s1", "true");
        await server.SettleAsync(id, "kept2", "Failed", "20260301080000000106_s1", null);
        await server.Database.ExecuteAsync("delete from salt.salt_returns where jid = '20260301080000000105_s1'");
        await server.Database.ExecuteAsync(
            """
            insert into kept_result (action_id, minion_key, number, result, cut)
            select action_id, minion_key, number, '[1, 2', true from attempt
            where action_id = $1 and returned_at is not null
            """,
            id);

        var kept = await server.GetAsync<TargetDetail>($"/api/v1/actions/{id}/targets/kept1");
        Assert.Equal(new ResultText("[1, 2", 5, false, true), kept.Attempts[0].Result);
        Assert.Equal("[1, 2", await ResultAsync(id, "kept1", ""));

        Assert.Null((await server.GetAsync<TargetDetail>($"/api/v1/actions/{id}/targets/kept2")).Attempts[0].Result);
        using var nothing = await server.Admin.GetAsync($"/api/v1/actions/{id}/targets/kept2/result");
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
    }

    [Fact]
    public async Task A_minion_id_of_two_key_domains_must_be_told_apart()
    {
        await server.AddMinionsAsync("twin", 1);
        await server.AddMinionsAsync("twin", 1, "second");
        var id = await server.ScheduleAsync("twin*");
        using var unclear = await server.Admin.GetAsync($"/api/v1/actions/{id}/targets/twin1");
        Assert.Equal(HttpStatusCode.Conflict, unclear.StatusCode);
        Assert.Contains(
            "default, second", (await ActionEndpointsTests.ProblemOf(unclear)).Detail, StringComparison.Ordinal);

        var told = await server.GetAsync<TargetDetail>($"/api/v1/actions/{id}/targets/twin1?domain=second");
        Assert.Equal("second", told.Summary.Domain);
    }

    [Fact]
    public async Task A_status_that_is_none_is_refused_with_those_there_are()
    {
        using var answer = await server.Admin.GetAsync("/api/v1/actions/1/targets?status=Done");
        var problem = await ActionEndpointsTests.ProblemOf(answer);
        Assert.Contains("PickedUp", problem.Errors!["status"][0], StringComparison.Ordinal);
    }

    private async Task<List<string>> AllAsync(long id, string query)
    {
        var names = new List<string>();
        string? after = null;
        do
        {
            var page = await server.GetAsync<Page<TargetSummary>>(
                $"/api/v1/actions/{id}/targets?limit=4{query}{(after is null ? "" : $"&after={after}")}");
            names.AddRange(page.Items.Select(one => one.Minion));
            after = page.Next;
        }
        while (after is not null);

        return names;
    }

    private async Task<string> ResultAsync(long id, string minion, string query)
    {
        using var answer = await server.Admin.GetAsync($"/api/v1/actions/{id}/targets/{minion}/result{query}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("nosniff", string.Join(',', answer.Headers.GetValues("X-Content-Type-Options")));
        return await answer.Content.ReadAsStringAsync();
    }
}
