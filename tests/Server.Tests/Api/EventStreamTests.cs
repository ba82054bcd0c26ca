using System.Net.ServerSentEvents;
using System.Text.Json;
using Saltern.Contract;
using Saltern.Server.Changes;
using Xunit;

namespace Saltern.Server.Tests.Api;

public sealed class EventStreamTests(LiveServer server) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task A_change_is_told_with_the_counts_and_the_targets_that_were_named()
    {
        await server.AddMinionsAsync("heard", 2);
        var id = await server.ScheduleAsync("heard*");
        await using var stream = await OpenAsync($"?action={id}");
        Assert.Equal(ChangeEventNames.Reload, (await stream.NextAsync()).EventType);

        var key = await server.Database.ScalarAsync<long>("select minion_key from minion where minion_id = 'heard1'");
        await server.SettleAsync(id, "heard1", "Completed", "20260301080000000201_s1", "true");

        // What scheduling notified may come together with ours, and it names nobody: ring until ours comes alone.
        var (action, targets) = (new ActionChanged(0, null), new TargetsChanged(0, []));
        for (var i = 0; i < 20 && targets.Targets.Count == 0; i++)
        {
            await server.RingAsync($$"""{"action":{{id}},"minions":[{{key}}]}""");
            action = await stream.ReadAsync<ActionChanged>(ChangeEventNames.Action);
            targets = await stream.ReadAsync<TargetsChanged>(ChangeEventNames.Targets);
        }

        Assert.Equal(1, action.Summary!.Counts.Completed);
        Assert.Equal("heard1", Assert.Single(targets.Targets).Minion);
    }

    [Fact]
    public async Task Only_the_action_asked_for_is_told()
    {
        await server.AddMinionsAsync("alone", 1);
        var (mine, other) = (await server.ScheduleAsync("alone*"), await server.ScheduleAsync("alone*"));
        await using var stream = await OpenAsync($"?action={mine}");
        await server.RingAsync($$"""{"action":{{other}}}""");
        await server.RingAsync($$"""{"action":{{mine}}}""");
        var told = JsonSerializer.Deserialize<ActionChanged>(
            (await stream.NextAsync(ChangeEventNames.Action)).Data, ContractJson.Options)!;
        Assert.Equal(mine, told.Id);
    }

    [Fact]
    public async Task Payloads_that_are_none_of_ours_are_passed_over()
    {
        await server.AddMinionsAsync("odd", 1);
        var id = await server.ScheduleAsync("odd*");
        await using var stream = await OpenAsync($"?action={id}");
        foreach (var payload in new[] { "", "nonsense", "[1]", """{"action":"x"}""", """{"action":{}}""" })
        {
            await server.RingAsync(payload);
        }

        await server.RingAsync($$"""{"action":{{id}},"minions":"all"}""");
        Assert.Equal(id, JsonSerializer.Deserialize<ActionChanged>(
            (await stream.NextAsync(ChangeEventNames.Action)).Data, ContractJson.Options)!.Id);
        Assert.Empty(JsonSerializer.Deserialize<TargetsChanged>(
            (await stream.NextAsync(ChangeEventNames.Targets)).Data, ContractJson.Options)!.Targets);
    }

    [Fact]
    public async Task When_the_session_that_listens_dies_everybody_is_told_to_read_anew()
    {
        await using var stream = await OpenAsync("");
        Assert.Equal(ChangeEventNames.Reload, (await stream.NextAsync()).EventType);
        await server.KillSessionsAsync();
        Assert.Equal(ChangeEventNames.Reload, (await stream.NextAsync(ChangeEventNames.Reload)).EventType);
    }

    [Fact]
    public async Task A_stream_ends_when_its_token_is_revoked()
    {
        var token = await server.CreateTokenAsync(PermissionNames.Read);
        using var client = server.Client(token);
        using var answer = await client.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await server.Database.ExecuteAsync(
            "update api_token set revoked_at = now() where id = (select max(id) from api_token)");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await body.CopyToAsync(Stream.Null, patience.Token);
    }

    [Fact]
    public async Task Who_reads_too_slowly_is_told_to_read_anew_and_costs_no_more_memory()
    {
        using var subscription = new ChangeSubscription(null, 8, _ => { });
        for (var i = 0; i < 1_000; i++)
        {
            subscription.Tell(new ChangeEvent.Action(new ActionChanged(i, null)));
        }

        var seen = new List<ChangeEvent?>();
        await foreach (var change in subscription.ReadAsync(
            TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None))
        {
            if (change is null)
            {
                break;
            }

            seen.Add(change);
        }

        Assert.IsType<ChangeEvent.Reload>(Assert.Single(seen));
    }

    [Fact]
    public void What_is_not_read_yet_is_bounded()
    {
        var pending = new PendingChanges(mostActions: 2, mostTargets: 3);
        pending.Add(1, [1, 2]);
        pending.Add(1, [3]);
        pending.Add(2, [1]);
        pending.Add(2, [2, 3, 4]);
        pending.Add(3, [1]);
        var (actions, everything) = pending.Take();
        Assert.True(everything);
        Assert.Equal([1, 2, 3], actions[1]!.Order());
        Assert.Null(actions[2]);
        Assert.False(actions.ContainsKey(3));
        Assert.Empty(pending.Take().Actions);
    }

    private async Task<EventStream> OpenAsync(string query)
    {
        var answer = await server.Admin.GetAsync($"/api/v1/events{query}", HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return new EventStream(answer, await answer.Content.ReadAsStreamAsync());
    }

    private sealed class EventStream(HttpResponseMessage answer, Stream body) : IAsyncDisposable
    {
        private readonly CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        private IAsyncEnumerator<SseItem<string>>? events;

        public async Task<SseItem<string>> NextAsync(string? type = null)
        {
            events ??= SseParser.Create(body).EnumerateAsync(patience.Token).GetAsyncEnumerator(patience.Token);
            do
            {
                Assert.True(await events.MoveNextAsync(), "The stream ended.");
            }
            while (type is not null && events.Current.EventType != type);

            return events.Current;
        }

        public async Task<T> ReadAsync<T>(string type) =>
            JsonSerializer.Deserialize<T>((await NextAsync(type)).Data, ContractJson.Options)!;

        public async ValueTask DisposeAsync()
        {
            if (events is not null)
            {
                await events.DisposeAsync();
            }

            await body.DisposeAsync();
            answer.Dispose();
            patience.Dispose();
        }
    }
}
