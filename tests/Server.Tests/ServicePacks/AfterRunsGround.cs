using System.Text.Json.Nodes;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.ServicePacks;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>Minions that were migrated, and what they answer to all that follows.</summary>
public abstract class AfterRunsGround(PostgresServer server) : MigrationGround(server, minions: 3)
{
    private protected const string Real = """, "dryRun": false""";
    private protected const string Reboot = Real + """, "rebootAfter": true""";
    private protected const string Sp5 = "SLES 15.5,sle-module-basesystem 15.5";

    private readonly HashSet<string> answered = [];

    /// <summary>What minions tell when they are asked, as "SLES 15.5" and labels of channels.</summary>
    private protected string installed = Sp5;
    private protected string repositories = After;
    private protected string boot = "11111111-1111-4111-8111-111111111111";
    private protected bool silent;

    private protected async Task RunAsync(string minion, string more = "")
    {
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, minion, "succeeded", changed: true, more);
        await TurnAsync();
    }

    /// <summary>Minions answer all that they were sent, also what follows from that.</summary>
    private protected async Task AnswerAsync()
    {
        for (var round = 0; round < 6; round++)
        {
            await SayAsync();
            await TurnAsync();
        }
    }

    /// <summary>Minions answer what they were sent so far, and nothing follows from that yet.</summary>
    private protected async Task SayAsync()
    {
        foreach (var sent in Salt.Submissions.Where(sent => !IsRun(sent) && answered.Add(sent.Jid)).ToList())
        {
            foreach (var minion in sent.Minions)
            {
                await rig.ReturnAsync(sent.Jid, minion, AnswerTo(sent), silent ? 1 : 0, sent.Function);
            }
        }

        await rig.SettleAsync();
    }

    private static bool IsRun(ScriptedSalt.Sent sent) => sent.Function == "state.apply";

    private string AnswerTo(ScriptedSalt.Sent sent) => (silent, sent.Function) switch
    {
        (true, _) => "\"no\"",
        (_, "pkg.list_products") => new JsonArray([.. installed.Split(',').Select(one => one.Split(' '))
            .Select(one => (JsonNode)new JsonObject
            {
                ["name"] = one[0], ["version"] = one[1], ["arch"] = "x86_64", ["isbase"] = one[0] == "SLES",
                ["installed"] = true,
            })]).ToJsonString(),
        (_, "pkg.list_repos") => new JsonObject(repositories.Split(' ').Select(label =>
            new KeyValuePair<string, JsonNode?>(
                $"saltern:{label}", new JsonObject { ["alias"] = $"saltern:{label}", ["enabled"] = true })))
            .ToJsonString(),
        (_, "file.read") => $"\"{boot}\\n\"",
        (_, "grains.items") => "{}",
        _ => "\"ordered\"",
    };

    private protected Task<string?> OrderedAsync(ActionId action) => database.ScalarAsync<string>(
        "select string_agg(kind, ',' order by id) from action where created_by = $1 and kind not like 'servicepack.%'",
        $"action {action}");

    private protected Task<string?> HistoryAsync(ActionId action) => database.ScalarAsync<string>(
        "select string_agg(verb, ', ' order by id) from order_log where action_id = $1 and actor = 'saltern'",
        action.Value);

    private protected Task<DateTime> ExpiryAsync(ActionId action) => ExpiryAsync(action.Value);

    private protected Task<DateTime> ExpiryAsync(long action) => database.ScalarAsync<DateTime>(
        "select expires_at from action where id = $1", action);

    private protected async Task<MigrationSummary> OfAsync(ActionId action) =>
        (await rig.Get<MigrationReport>().OfAsync(action, CancellationToken.None))!;

    private protected async Task<(int Verified, int Differing, int NotYet)> CountsAsync(ActionId action)
    {
        var report = await OfAsync(action);
        return (report.Verified, report.Differing, report.NotYetVerified);
    }

    private protected async Task<ChannelChangeSummary> ChangeAsync(ActionId action) =>
        (await rig.Get<MigrationReport>().ChangesAsync(action.Value, false, null, 1, CancellationToken.None))[0];

    private protected async Task<(string? Word, string? Found)> FoundAsync(ActionId action)
    {
        var change = await ChangeAsync(action);
        return (change.Verification, change.Found);
    }
}
