using Microsoft.Extensions.DependencyInjection;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Simulator;
using Saltern.Simulator.Ledger;
using Xunit;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>
/// Kills the server at random moments of a run with 2,000 minions, starts it again, and compares every target with
/// what the minions know they did. The seed is in the failure message; SALTERN_CRASH_SEED replays it.
/// </summary>
public sealed class CrashTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Minions = 2_000;
    private const int Kills = 8;

    private readonly string passwordFile = Path.GetTempFileName();
    private TestDatabase database = null!;
    private SimulatedMaster master = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(postgres);
        var options = new SimulatorOptions
        {
            Database = database.ConnectionString,
            Minions = Minions,
            Latency = new LatencyDistribution { Median = TimeSpan.FromMilliseconds(400) },
        };
        await File.WriteAllTextAsync(passwordFile, options.Password);
        master = new SimulatedMaster(options, TimeProvider.System);
        await master.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await master.DisposeAsync();
        await database.DisposeAsync();
        File.Delete(passwordFile);
    }

    [Fact]
    public async Task Killed_at_any_moment_it_loses_nothing_and_runs_nothing_twice()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SALTERN_CRASH_SEED"), out var given)
            ? given
            : Environment.TickCount;
        var random = new Random(seed);
        await using var orders = await CoreRig.StartAsync(
            database, change: services => services.AddSingleton(TimeProvider.System));
        await using (await StartServerAsync())
        {
            await ServerRig.UntilAsync(
                () => database.ScalarAsync<long>("select count(*) from minion where key_status = 'accepted'"),
                known => known == Minions, "the minions are known");
        }

        ActionId[] actions =
        [
            await ScheduleAsync(orders, "state.apply", """{"states":["ok"]}""", "*", batch: 600),
            await ScheduleAsync(orders, "ping", "{}", "*", batch: null),
            await ScheduleAsync(orders, "script.run", """{"script":"#!/bin/sh\necho x\n"}""", "minion00*", batch: 50),
        ];
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var server = await StartServerAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 1_500)), TimeProvider.System);
            await server.KillAsync();
        }

        await using var last = await StartServerAsync();
        foreach (var action in actions)
        {
            await ServerRig.UntilAsync(
                () => database.ScalarAsync<string>("select status from action where id = $1", action.Value),
                status => status is "Completed" or "Failed", $"action {action} ends (seed {seed})");
        }

        var complaints = await ComplaintsAsync();
        Assert.True(complaints.Count == 0, $"seed {seed}: {string.Join("; ", complaints.Take(20))}");
        foreach (var action in actions)
        {
            await orders.ReadAsync(action);
        }
    }

    /// <summary>
    /// Every job the minions saw must be one of ours, run once at most on each; every target must stand as its minion's
    /// last run ended, and one that stands as run must have run.
    /// </summary>
    private async Task<List<string>> ComplaintsAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var targets = await Statement.QueryAsync(
            connection, TargetsSql, [],
            row => (Minion: row.GetString(0), Status: row.GetString(1), Jid: row.GetString(2),
                Guessed: row.GetBoolean(3), Action: row.GetInt64(4)),
            CancellationToken.None);
        var complaints = new List<string>();
        foreach (var attempts in targets.GroupBy(target => (target.Action, target.Minion)))
        {
            var runs = attempts.Select(attempt => master.Ledger.Find(attempt.Jid, attempt.Minion))
                .OfType<LedgerEntry>().Where(entry => entry.TimesRun > 0).ToList();
            var status = attempts.First().Status;
            var right = (runs.Sum(entry => entry.TimesRun), status, attempts.First().Guessed) switch
            {
                (1, "Completed", false) => runs[0].Retcode == 0,
                (1, "Failed", true) => runs[0].ReturnsStored == 0,
                (0, "Failed", true) => true,
                _ => false,
            };
            if (!right)
            {
                complaints.Add($"action {attempts.Key.Action}, {attempts.Key.Minion}: {status}, ran "
                    + $"{runs.Sum(entry => entry.TimesRun)} times ({string.Join(", ", runs)})");
            }
        }

        return complaints;
    }

    private Task<ServerProcess> StartServerAsync() => ServerProcess.StartAsync(
        [
            ("Database", database.ConnectionString),
            ("Masters:0:Name", master.Name),
            ("Masters:0:Url", master.Api.ToString()),
            ("Masters:0:Username", "saltern"),
            ("Masters:0:PasswordFile", passwordFile),
            ("Masters:0:MasterTimeoutSeconds", "1"),
            ("Masters:0:SubmitTimeoutSeconds", "4"),
            ("Masters:0:ConnectTimeoutSeconds", "2"),
            ("Dispatch:Lease", "00:00:05"),
            ("Dispatch:EvidenceGrace", "00:00:01"),
            ("Dispatch:AskDeadline", "00:00:04"),
            ("Results:Sweep", "00:00:01"),
            ("Results:FirstAskAfter", "00:00:05"),
            ("Results:ProofAfter", "00:00:03"),
            ("Results:RetryPause", "00:00:01"),
            ("Actions:RefreshNewMinions", "false"),
        ],
        CancellationToken.None);

    private static Task<ActionId> ScheduleAsync(
        CoreRig orders, string kind, string arguments, string glob, int? batch) => orders.ScheduleAsync(
        kind, arguments, new TargetSelection { Glob = glob },
        order => order with { BatchSize = batch, DeadlineSeconds = 25 });

    internal const string TargetsSql = """
        select m.minion_id, t.status, s.jid, t.guessed, t.action_id
        from action_target t
        join minion m on m.minion_key = t.minion_key
        join attempt a on a.action_id = t.action_id and a.minion_key = t.minion_key
        join submission s on s.id = a.submission_id
        """;
}
