using System.Text.Json;
using Saltern.Cli.Client;
using Saltern.Contract;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Ledger;

namespace Saltern.Cli.Demo;

/// <summary>
/// The demo that ends by itself: states on all minions and a script on some, a few of which are told to fail, and a
/// migration to a service pack, first dry, then real; then each target is compared with what the simulated minion knows
/// it did.
/// </summary>
internal sealed class DemoRun(DemoGround ground, CliOutput output, TimeProvider clock)
{
    private const int MostMigrations = 10;

    private const string Script = "#!/bin/sh\necho checking\nexit 0\n";

    public async Task<int> RunAsync(int minions, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = ground.Server.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", ground.Token);
        using var api = new Api(client);
        ground.Master.Faults.Set(new Fault
        {
            Name = FaultNames.JobFails, Function = "state.apply", Probability = 0.03,
        });
        var states = await ScheduleAsync(
            api, "state.apply", """{"states":["ok"]}""", ground.Master.Minions.Take(minions), cancellationToken);
        var script = await ScheduleAsync(
            api, "script.run", JsonSerializer.Serialize(new { script = Script }),
            ground.Master.Minions.Take(Math.Max(1, minions / 10)), cancellationToken);
        foreach (var action in new[] { states, script })
        {
            await new ActionWatch(api, output, clock, json: false).RunAsync(action.Id, cancellationToken);
        }

        var migrating = DemoSoftware.Candidates(ground.Master).Take(MostMigrations).ToList();
        var migration = new DemoMigration(ground, api, output, clock);
        var dry = await MigrateAsync(api, migration, migrating, dryRun: true, cancellationToken);
        var real = await MigrateAsync(api, migration, migrating, dryRun: false, cancellationToken);
        var channels = await migration.CompareAsync(real.Id, migrating, cancellationToken);
        ActionScheduled[] actions = [states, script, dry, real];
        var settled = 0;
        foreach (var action in actions)
        {
            settled += await CompareAsync(api, action.Id, cancellationToken);
        }

        var all = actions.Sum(action => action.Targets);
        output.Line($"demo: {settled} of {all} settled");
        return settled == all && channels == migrating.Count ? ExitCodes.Ok : ExitCodes.ActionFailed;
    }

    private async Task<ActionScheduled> MigrateAsync(
        Api api, DemoMigration migration, List<string> minions, bool dryRun, CancellationToken cancellationToken)
    {
        var action = await ScheduleAsync(
            api, "servicepack.migrate", JsonSerializer.Serialize(new { target = DemoSoftware.Target, dryRun }), minions,
            cancellationToken);
        await new ActionWatch(api, output, clock, json: false).RunAsync(action.Id, cancellationToken);
        await migration.ReportAsync(action.Id, cancellationToken);
        return action;
    }

    private async Task<ActionScheduled> ScheduleAsync(
        Api api, string kind, string arguments, IEnumerable<string> minions, CancellationToken cancellationToken)
    {
        var scheduled = await api.PostAsync<ActionScheduled>(
            "/api/v1/actions",
            new ActionRequest
            {
                Kind = kind,
                Arguments = JsonElement.Parse(arguments),
                Target = new TargetRequest { Minions = [.. minions] },
                Description = "saltern demo --once",
            },
            cancellationToken);
        output.Line($"action {scheduled.Id}: {kind} on {scheduled.Targets} minions");
        return scheduled;
    }

    /// <summary>How many targets stand where the ledger says they should; the others are named.</summary>
    private async Task<int> CompareAsync(Api api, long action, CancellationToken cancellationToken)
    {
        var targets = await api.ListAsync<TargetSummary>(
            $"/api/v1/actions/{action}/targets", int.MaxValue, cancellationToken);
        var right = 0;
        foreach (var target in targets)
        {
            var detail = await api.GetAsync<TargetDetail>(
                $"/api/v1/actions/{action}/targets/{Uri.EscapeDataString(target.Minion)}", cancellationToken);
            var ran = detail.Attempts is [{ Jid: { } jid }, ..] ? ground.Master.Ledger.Find(jid, target.Minion) : null;
            if (Expected(ran) == target.Status)
            {
                right++;
                continue;
            }

            output.Error.WriteLine(
                $"{target.Minion} is {target.Status} ({target.Reason}), but the ledger says {Expected(ran)}: {ran}");
        }

        return right;
    }

    private static string Expected(LedgerEntry? ran) => ran switch
    {
        { TimesRun: 1, Outcome: LedgerOutcome.Ended, Retcode: 0 } => "Completed",
        { TimesRun: 1, Outcome: LedgerOutcome.Ended } => "Failed",
        { TimesRun: > 1 } => "run once, and it ran more often",
        _ => "not run",
    };
}
