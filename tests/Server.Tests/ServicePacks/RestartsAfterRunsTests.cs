using System.Globalization;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Until when minions are restarted after a run, and which of them together.</summary>
public sealed class RestartsAfterRunsTests(PostgresServer server) : AfterRunsGround(server)
{
    private const string Transactional = """, "checks": {"transactional": true}""";

    /// <summary>What the run changed on a transactional system, nobody looks for before it has booted.</summary>
    [Theory]
    [InlineData(59, "", "system.reboot", "its restart has not ended")]
    [InlineData(60, "", "products.refresh,repositories.refresh,hardware.refresh", "what it has is being read")]
    [InlineData(59, Transactional, "system.reboot", "its restart has not ended")]
    [InlineData(60, Transactional, null, "what it changed is there after the next boot")]
    public async Task A_run_whose_end_becomes_known_within_an_hour_is_followed_by_its_restart_and_a_later_one_is_not(
        int minutes, string more, string? ordered, string found)
    {
        var action = await UnderWayAsync("m1");
        var run = LastSent;
        await rig.ReturnAsync(run.Jid, "m1", "\"The minion function caused an exception\"", 1, "state.apply");
        await TurnAsync();
        var (ask, ended) = (LastSent, rig.Clock.GetUtcNow());
        rig.Clock.Advance(TimeSpan.FromMinutes(minutes));
        await rig.ReturnAsync(
            ask.Jid, "m1", Result($"{PillarOf(run)["run_id"]}", "succeeded", true, Ended(ended) + more), 0,
            ask.Function);
        await TurnAsync();

        Assert.Equal(ordered, await OrderedAsync(action));
        Assert.Equal(("NotYet", found), await FoundAsync(action));
        Assert.Equal("Kept", await StateAsync());
    }

    [Fact]
    public async Task Runs_that_may_restart_until_about_the_same_time_restart_together_and_others_by_themselves()
    {
        var action = await UnderWayAsync("m1", "m2", "m3");
        var run = LastSent;
        rig.Clock.Advance(TimeSpan.FromMinutes(50));
        var now = rig.Clock.GetUtcNow();
        // Four minutes apart: across a mark of the clock at which one might count anew.
        foreach (var (minion, ago) in new[] { ("m1", 0), ("m2", 38), ("m3", 42) })
        {
            await RunEndsAsync(run, minion, "succeeded", changed: true, Ended(now.AddMinutes(-ago)));
        }

        await TurnAsync();

        Assert.Equal(
            $"m2 m3 {now.AddMinutes(18):HH:mm}, m1 {now.AddMinutes(60):HH:mm}", await database.ScalarAsync<string>(
                """
                select string_agg(o.minions || to_char(o.until at time zone 'UTC', ' HH24:MI'), ', ' order by o.id)
                from (select a.id, a.expires_at as until, string_agg(m.minion_id, ' ' order by m.minion_id) as minions
                      from action a join action_target t on t.action_id = a.id
                      join minion m on m.minion_key = t.minion_key
                      where a.created_by = $1 and a.kind = 'system.reboot' group by 1, 2) o
                """,
                $"action {action}"));
    }

    [Fact]
    public async Task A_minion_whose_clock_is_ahead_is_not_restarted_later_for_that()
    {
        await UnderWayAsync("m1");
        await RunEndsAsync(
            LastSent, "m1", "succeeded", changed: true, Ended(rig.Clock.GetUtcNow().AddDays(2)));
        await TurnAsync();

        Assert.Equal(rig.Clock.GetUtcNow().AddHours(1).UtcDateTime, await ExpiryAsync(await RestartAsync()));
    }

    /// <summary>Its return code is all that is known of it.</summary>
    [Fact]
    public async Task A_run_whose_result_is_too_large_to_be_read_is_followed_by_its_restart()
    {
        var action = await UnderWayAsync("m1");
        await RunEndsAsync(
            LastSent, "m1", "succeeded", changed: true,
            $$""", "log_tail": "{{new string('x', ChangeReading.LargestBody)}}" """);
        await TurnAsync();

        Assert.Equal(("Kept", "system.reboot"), (await StateAsync(), await OrderedAsync(action)));
        Assert.Equal(rig.Clock.GetUtcNow().AddHours(1).UtcDateTime, await ExpiryAsync(await RestartAsync()));
    }

    /// <summary>The order could begin for five minutes: the end of the run alone says until when it restarts.</summary>
    private async Task<ActionId> UnderWayAsync(params string[] minions)
    {
        var action = await rig.ScheduleAsync(
            "servicepack.migrate", $$"""{"target": "105"{{Reboot}}}""", new TargetSelection { Minions = minions },
            order => order with { ExpiresAt = rig.Clock.GetUtcNow().AddMinutes(5) });
        await rig.DispatchAsync();
        return action;
    }

    private Task<long> RestartAsync() => database.ScalarAsync<long>(
        "select max(id) from action where kind = 'system.reboot'");

    private static string Ended(DateTimeOffset at) => string.Create(
        CultureInfo.InvariantCulture, $""", "ended": {at.ToUnixTimeSeconds()}""");
}
