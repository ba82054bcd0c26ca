using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Saltern.Contract;
using Xunit;

namespace Saltern.Server.Tests.Api;

public sealed class FleetEndpointsTests(LiveServer server) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task Minions_are_listed_page_by_page_and_by_filter()
    {
        await server.AddMinionsAsync("listed", 12);
        await server.Database.ExecuteAsync("update minion set key_status = 'pending' where minion_id = 'listed5'");
        var names = new List<string>();
        string? after = null;
        do
        {
            var page = await server.GetAsync<Page<MinionSummary>>(
                $"/api/v1/minions?id=listed&limit=5{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}");
            names.AddRange(page.Items.Select(one => one.Id));
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(12, names.Distinct().Count());
        var pending = await server.GetAsync<Page<MinionSummary>>("/api/v1/minions?id=listed*&keyStatus=pending");
        Assert.Equal("listed5", Assert.Single(pending.Items).Id);
        Assert.Equal("present", pending.Items[0].Presence);
    }

    [Theory]
    [InlineData("keyStatus=good", "keyStatus")]
    [InlineData("presence=maybe", "presence")]
    [InlineData("after=xyz", "after")]
    [InlineData("group=nobody-knows-it", "group")]
    [InlineData("grain=os", "grain")]
    [InlineData("conflicts=perhaps", "conflicts")]
    public async Task A_filter_that_cannot_be_is_refused_by_its_name(string query, string argument)
    {
        using var answer = await server.Admin.GetAsync($"/api/v1/minions?{query}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal(argument, Assert.Single((await ActionEndpointsTests.ProblemOf(answer)).Errors!).Key);
    }

    [Fact]
    public async Task A_minion_is_shown_with_its_grains()
    {
        await server.AddMinionsAsync("whole", 1);
        await server.Database.ExecuteAsync(
            """update minion set grains = '{"os": "SUSE", "num_cpus": 2}' where minion_id = 'whole1'""");
        var minion = await server.GetAsync<MinionDetail>("/api/v1/minions/whole1");
        Assert.Equal("one", minion.Summary.Master);
        Assert.Equal(2, minion.Grains.GetProperty("num_cpus").GetInt32());
        using var missing = await server.Admin.GetAsync("/api/v1/minions/nobody");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task A_minion_id_of_two_key_domains_must_be_told_apart()
    {
        await server.AddMinionsAsync("double", 1);
        await server.AddMinionsAsync("double", 1, "third");
        using var unclear = await server.Admin.GetAsync("/api/v1/minions/double1");
        Assert.Equal(HttpStatusCode.Conflict, unclear.StatusCode);
        Assert.Equal(
            "third", (await server.GetAsync<MinionDetail>("/api/v1/minions/double1?domain=third")).Summary.Domain);
    }

    [Fact]
    public async Task Accepting_keys_answers_for_each_minion()
    {
        await server.AddMinionsAsync("key", 2);
        await server.Database.ExecuteAsync("update minion set key_status = 'pending' where minion_id = 'key2'");
        using var answer = await server.Admin.PostAsJsonAsync(
            "/api/v1/minions/accept", new { minions = new[] { "key1", "key2", "key-of-nobody" } });
        var keys = (await answer.Content.ReadFromJsonAsync<KeysAnswer>(ContractJson.Options))!;
        Assert.Equal(["key1"], keys.Changed);
        Assert.Equal(["key-of-nobody", "key2"], keys.Refused.Keys.Order(StringComparer.Ordinal));
        Assert.StartsWith("Master one", keys.Refused["key2"], StringComparison.Ordinal);

        using var none =
            await server.Admin.PostAsJsonAsync("/api/v1/minions/accept", new { minions = Array.Empty<string>() });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, none.StatusCode);
        using var delete = await server.Admin.DeleteAsync("/api/v1/minions/key1/key");
        Assert.Equal(HttpStatusCode.Conflict, delete.StatusCode);
    }

    [Fact]
    public async Task A_group_by_hand_is_made_changed_used_and_deleted()
    {
        await server.AddMinionsAsync("hand", 3);
        using var made = await server.Admin.PostAsJsonAsync(
            "/api/v1/groups", new { name = "by-hand", minions = new[] { "hand1", "hand2" } });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal(2, (await server.GetAsync<GroupSummary>("/api/v1/groups/by-hand")).Members);

        using var changed =
            await server.Admin.PutAsJsonAsync("/api/v1/groups/by-hand", new { minions = new[] { "hand3" } });
        Assert.Equal(1, (await changed.Content.ReadFromJsonAsync<GroupSummary>(ContractJson.Options))!.Members);
        var members = await server.GetAsync<Page<MinionSummary>>("/api/v1/groups/by-hand/minions");
        Assert.Equal("hand3", Assert.Single(members.Items).Id);

        Assert.Contains(
            (await server.GetAsync<Page<GroupSummary>>("/api/v1/groups")).Items, group => group.Name == "by-hand");
        Assert.Equal(HttpStatusCode.NoContent, (await server.Admin.DeleteAsync("/api/v1/groups/by-hand")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Admin.DeleteAsync("/api/v1/groups/by-hand")).StatusCode);
    }

    [Fact]
    public async Task A_group_by_rule_finds_its_minions()
    {
        await server.AddMinionsAsync("ruled", 2);
        using var made =
            await server.Admin.PostAsJsonAsync("/api/v1/groups", new { name = "by-rule", rule = "ruled*" });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Null((await server.GetAsync<GroupSummary>("/api/v1/groups/by-rule")).Members);
        Assert.Equal(2, (await server.GetAsync<Page<MinionSummary>>("/api/v1/groups/by-rule/minions")).Items.Count);
    }

    [Theory]
    [InlineData("""{"name":"two-ways","rule":"web*","minions":[]}""", "minions")]
    [InlineData("""{"name":"unknown","minions":["nobody-there"]}""", "minions")]
    [InlineData("""{"name":"odd rule","rule":"( web*"}""", null)]
    public async Task A_group_that_cannot_be_is_refused(string body, string? argument)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await server.Admin.PostAsync("/api/v1/groups", content);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var problem = await ActionEndpointsTests.ProblemOf(answer);
        Assert.True(argument is null || problem.Errors!.ContainsKey(argument), problem.Detail);
    }

    [Fact]
    public async Task Masters_are_listed_checked_paused_and_resumed()
    {
        var master = Assert.Single(await server.GetAsync<IReadOnlyList<MasterSummary>>("/api/v1/masters"));
        Assert.Equal(("one", "http://127.0.0.1:1/"), (master.Name, master.Address));

        using var check = await server.Admin.PostAsync("/api/v1/masters/one/check", null);
        var found = (await check.Content.ReadFromJsonAsync<MasterCheck>(ContractJson.Options))!;
        Assert.False(found.Good);
        Assert.Equal(("login", "failed"), (found.Lines[0].Subject, found.Lines[0].State));
        using var tooLong = await server.Admin.PostAsync("/api/v1/masters/one/check?startEventSeconds=61", null);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, tooLong.StatusCode);

        using var paused =
            await server.Admin.PostAsJsonAsync("/api/v1/masters/one/pause", new { reason = "a new disk" });
        Assert.Equal(HttpStatusCode.NoContent, paused.StatusCode);
        master = (await server.GetAsync<IReadOnlyList<MasterSummary>>("/api/v1/masters"))[0];
        Assert.Equal("a new disk", master.PauseReason);
        Assert.Equal(["one"], (await server.GetAsync<DispatchSummary>("/api/v1/dispatch")).PausedMasters);
        (await server.Admin.PostAsync("/api/v1/masters/one/resume", null)).EnsureSuccessStatusCode();
        Assert.Empty((await server.GetAsync<DispatchSummary>("/api/v1/dispatch")).PausedMasters);

        foreach (var verb in new[] { "check", "pause", "resume" })
        {
            using var missing = await server.Admin.PostAsync($"/api/v1/masters/none/{verb}", null);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    [Fact]
    public async Task Dispatch_is_resumed_and_paused_with_a_reason()
    {
        (await server.Admin.PostAsync("/api/v1/dispatch/resume", null)).EnsureSuccessStatusCode();
        Assert.False((await server.GetAsync<DispatchSummary>("/api/v1/dispatch")).Paused);
        (await server.Admin.PostAsJsonAsync(
            "/api/v1/dispatch/pause", new { reason = "moving house" })).EnsureSuccessStatusCode();
        var dispatch = await server.GetAsync<DispatchSummary>("/api/v1/dispatch");
        Assert.True(dispatch.Paused);
        Assert.Equal("moving house", dispatch.Reason);
        Assert.StartsWith("admin", dispatch.PausedBy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kinds_are_listed_with_the_permission_they_need()
    {
        var kinds = await server.GetAsync<IReadOnlyList<KindSummary>>("/api/v1/kinds");
        Assert.Equal(PermissionNames.SaltCall, kinds.Single(kind => kind.Name == "salt.call").Permission);
        Assert.True(kinds.Single(kind => kind.Name == "state.apply").Exclusive);
    }

    [Fact]
    public async Task The_description_names_every_endpoint_with_a_summary_and_examples()
    {
        using var anyone = server.Client(null);
        var document = JsonDocument.Parse(await anyone.GetStringAsync("/openapi/v1.json")).RootElement;
        var paths = document.GetProperty("paths").EnumerateObject();
        foreach (var operation in paths.SelectMany(path => path.Value.EnumerateObject()))
        {
            Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!);
        }

        var example = document.GetProperty("paths").GetProperty("/api/v1/actions").GetProperty("post")
            .GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example");
        Assert.Equal("state.apply", example.GetProperty("kind").GetString());
    }
}
