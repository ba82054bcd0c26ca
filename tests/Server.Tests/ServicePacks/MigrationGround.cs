using System.Text.Json.Nodes;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.ServicePacks;
using Saltern.Server.Tests.Rig;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Minions with SLES 15 SP3 and its channels, and what they say of runs.</summary>
public abstract class MigrationGround(
    PostgresServer server, int minions = 2, params (string Key, string Value)[] settings)
    : CoreGround(server, minions, settings)
{
    private const string Products = """
        [{"name":"SLES","version":"15.3","release":"0","arch":"x86_64","isbase":true,"installed":true},
         {"name":"sle-module-basesystem","version":"15.3","release":"0","arch":"x86_64","isbase":false}]
        """;

    private protected const string Before = "sle-product-sles15-sp3-pool-x86_64 basesystem15-sp3-pool-x86_64";

    private protected const string After =
        "sle-product-sles15-sp5-pool-x86_64 basesystem15-sp5-pool-x86_64 sle-product-sles15-sp5-updates-x86_64";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        foreach (var (text, format) in new[] { (Sle.Scc, ImportFormat.Scc), (Sle.Tree, ImportFormat.ProductTree) })
        {
            await rig.Get<ProductImports>().ImportAsync(
                Sle.Read(format, text), "tester", dryRun: false, CancellationToken.None);
        }

        await rig.ScheduleAsync("products.refresh");
        await rig.DispatchAsync();
        foreach (var minion in LastSent.Minions)
        {
            await rig.ReturnAsync(LastSent.Jid, minion, Products, 0, "pkg.list_products");
        }

        await rig.SettleAsync();
        await database.ExecuteAsync("""
            insert into minion_channel
            select minion_key, $1, array[$2], 'tester', '2026-01-01Z' from minion
            """, Before.Split(' ')[0], Before.Split(' ')[1]);
    }

    private protected ScriptedSalt.Sent LastSent => Salt.Submissions.Last();

    private protected Task<ActionId> OrderAsync(string more = "", params string[] minions) => rig.ScheduleAsync(
        "servicepack.migrate", $$"""{"target": "105"{{more}}}""",
        minions.Length == 0 ? null : new TargetSelection { Minions = minions });

    /// <summary>Everything a node does without a return coming in.</summary>
    private protected async Task TurnAsync()
    {
        await rig.SettleAsync();
        await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None);
        await rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);
        await rig.DispatchAsync();
    }

    /// <summary>The minion connects anew: it was restarted, or merely lost its master for a moment.</summary>
    private protected async Task StartsAsync(string minion, string master = "master1")
    {
        await database.ExecuteAsync(
            "insert into salt.salt_events (tag, data, master_id, alter_time) values ($1, '{}', $2, $3)",
            $"salt/minion/{minion}/start", master, rig.Clock.GetUtcNow());
        await rig.Get<SignsOfLife>().RunOnceAsync(CancellationToken.None);
    }

    /// <summary>Time goes by on a node that does what it does.</summary>
    private protected async Task PassAsync(TimeSpan time)
    {
        await rig.SettleAsync();
        rig.Clock.Advance(time);
        await rig.Get<Overdue>().RunOnceAsync(CancellationToken.None);
        await TurnAsync();
    }

    private protected static JsonObject PillarOf(ScriptedSalt.Sent sent) =>
        sent.Call.Kwargs["pillar"]!["saltern"]!.AsObject();

    /// <summary>The minion's states have run and say this of zypper.</summary>
    private protected Task RunEndsAsync(
        ScriptedSalt.Sent sent, string minion, string outcome, bool? changed, string more = "") => rig.ReturnAsync(
        sent.Jid, minion,
        $$"""
        {"saltern_zypper_|-saltern_distupgrade_|-saltern_distupgrade_|-dist_upgraded": {"name": "x", "changes": {},
          "result": {{(IsSuccess(outcome) ? "true" : "false")}}, "comment": "as it went",
          "saltern": {{Result($"{PillarOf(sent)["run_id"]}", outcome, changed, more)}} } }
        """,
        IsSuccess(outcome) ? 0 : 2, "state.apply");

    /// <summary>A real run of which the minion had no trace, and whose channels are back.</summary>
    private protected async Task<(ScriptedSalt.Sent Run, long Change)> TakenBackAsync()
    {
        await OrderAsync(""", "dryRun": false""", "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        rig.Clock.Advance(TimeSpan.FromHours(5));
        await rig.GiveUpAsync();
        await TurnAsync();
        var ask = LastSent;
        Assert.Equal("saltern_zypper.run_result", ask.Function);
        await RecordIsAsync(ask, "m1", $"{PillarOf(run)["run_id"]}", "not_begun", null);
        await TurnAsync();
        await ChannelsAreSetAsync("m1");
        await TurnAsync();
        Assert.Equal((Before, "Reverted"), (await ChannelsAsync(), await StateAsync()));
        return (run, await database.ScalarAsync<long>("select max(id) from channel_change"));
    }

    /// <summary>
    /// The minion's record, when it is asked for. Salt makes the return code 1 where <c>success</c> in it is false.
    /// </summary>
    private protected Task RecordIsAsync(
        ScriptedSalt.Sent sent, string minion, string runId, string outcome, bool? changed) => rig.ReturnAsync(
        sent.Jid, minion, Result(runId, outcome, changed), IsSuccess(outcome) ? 0 : 1, "saltern_zypper.run_result");

    private static bool IsSuccess(string outcome) => outcome is "succeeded" or "nothing_to_do";

    private protected static string Result(string runId, string outcome, bool? changed, string more = "") => $$"""
        {"run_id": "{{runId}}", "outcome": "{{outcome}}", "comment": "it went so",
         "success": {{(IsSuccess(outcome) ? "true" : "false")}},
         "changed": {{changed switch { true => "true", false => "false", null => "null" }}},
         "plan": {"upgrade": [{"name": "bash", "old": "5.1", "new": "5.2"}], "remove": [{"name": "foo", "old": "1"}]},
         "problems": []{{more}}}
        """;

    private protected Task<string?> ChannelsAsync(string minion = "m1") => database.ScalarAsync<string>(
        """
        select c.base_label || ' ' || array_to_string(c.child_labels, ' ')
        from minion_channel c join minion m on m.minion_key = c.minion_key where m.minion_id = $1
        """,
        minion);

    private protected Task<string?> StateAsync(string minion = "m1") => database.ScalarAsync<string>(
        """
        select c.state || coalesce(': ' || c.attention, '')
        from channel_change c join minion m on m.minion_key = c.minion_key where m.minion_id = $1
        order by c.id desc limit 1
        """,
        minion);

    private protected Task<long> HeldAsync() => database.ScalarAsync<long>("select count(*) from minion_hold");

    private protected async Task ChannelsAreSetAsync(string minion)
    {
        await rig.ReturnAsync(
            LastSent.Jid, minion,
            """
            {"saltern_zypper_|-saltern_channels_|-saltern_channels_|-channels":
             {"name": "x", "changes": {}, "result": true, "comment": "as they should be"}}
            """,
            0, "state.apply");
    }
}
