using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Server.Tests.Rig;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Tests.Results;

/// <summary>A master that answers as a test says, two minions, and what leads to an overdue target.</summary>
public abstract class OverdueGround(PostgresServer server) : CoreGround(server, minions: 2, ("MaxInFlight", "2"))
{
    private protected const string Script = """{"script":"#!/bin/sh\necho x\n"}""";
    private protected const string Running = """{"pid":23390,"fun":"state.apply","jid":"x"}""";
    private protected const string Busy =
        """["The function \"state.apply\" is running as PID 18995 and was started at 2026, Nov 22"]""";

    private protected const string NotCached =
        "\"Local jobs cache directory /var/cache/salt/minion/minion_jobs/20260302080000000001_s1 not found\"";

    private protected const string CacheIsOff =
        "\"Local jobs cache directory not found; you may need to enable cache_jobs on this minion\"";

    private protected const StringComparison OrdinalText = StringComparison.Ordinal;

    private protected IEnumerable<ScriptedSalt.Sent> Asks =>
        rig.Salt[0].Submissions.Where(one => one.Function.StartsWith("saltutil", OrdinalText));

    private protected ScriptedSalt.Sent Last => rig.Salt[0].Submissions.Last();

    private protected async Task<(ActionId Action, string Jid)> OverdueAsync(
        string kind = "state.apply", string arguments = "{}", Func<ActionOrder, ActionOrder>? change = null)
    {
        var action = await rig.ScheduleAsync(kind, arguments, change: change);
        await rig.DispatchAsync();
        var jid = Last.Jid;
        await PassAsync(TimeSpan.FromHours(2));
        return (action, jid);
    }

    /// <summary>The first attempt of m1 is lost, and the second waits for its time.</summary>
    private protected async Task<(ActionId Action, string Jid)> LoseAsync(
        Func<ActionOrder, ActionOrder>? change = null)
    {
        var (action, jid) = await OverdueAsync(change: change);
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
        return (action, jid);
    }

    /// <summary>A reboot of m1 that has begun: the boot id before it is known, and its return has come.</summary>
    private protected async Task<ActionId> RebootAsync()
    {
        var action = await rig.ScheduleAsync("system.reboot", target: new TargetSelection { Minions = ["m1"] });
        await rig.DispatchAsync();
        await AnswerAsync("m1", BootId(1), "file.read");
        await rig.DispatchAsync();
        await rig.ReturnAsync(Last.Jid, "m1", "\"Shutdown scheduled\"", 0, "system.reboot");
        await rig.SettleAsync();
        return action;
    }

    private protected static string BootId(int number) => $"\"0aa856f6-0000-4000-8000-{number:D12}\"";

    private protected async Task MissingTwiceAsync(string minion)
    {
        await AnswerAsync(minion, "{}");
        await PassAsync(TimeSpan.FromMinutes(4.5));
        await AnswerAsync(minion, "{}");
        await rig.DispatchAsync();
    }

    private protected async Task PassAsync(TimeSpan time)
    {
        rig.Clock.Advance(time);
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        await rig.DispatchAsync();
    }

    /// <summary>Answers the last ask that this minion got.</summary>
    private protected async Task AnswerAsync(string minion, string returned, string? function = null)
    {
        var ask = rig.Salt[0].Submissions.Last(one => one.Minions.Contains(minion));
        await rig.ReturnAsync(ask.Jid, minion, returned, 0, function ?? ask.Function);
        await rig.SettleAsync();
    }

    private protected Task<string?> AttemptsAsync() => database.ScalarAsync<string>(
        "select string_agg(number || ' ' || status, ', ' order by number) from attempt where minion_key = 1");

    private protected Task<string?> ReasonAsync() =>
        database.ScalarAsync<string>("select reason from action_target where minion_key = 1");
}
