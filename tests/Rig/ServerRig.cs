using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saltern.Server;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Simulator;

namespace Saltern.Rig;

/// <summary>
/// The whole server, with all its loops and on the real clock, against the simulated master: real HTTP between them, a
/// real PostgreSQL below both.
/// </summary>
internal sealed class ServerRig : IAsyncDisposable
{
    private readonly string passwordFile;

    private ServerRig(TestDatabase database, SimulatedMaster master, SalternServer server, string passwordFile)
    {
        Database = database;
        Master = master;
        Server = server;
        this.passwordFile = passwordFile;
    }

    public TestDatabase Database { get; }

    public SimulatedMaster Master { get; }

    public SalternServer Server { get; private set; }

    public static async Task<ServerRig> StartAsync(
        PostgresServer postgres, int minions, Func<SimulatorOptions, SimulatorOptions>? simulator = null,
        params (string Key, string Value)[] settings)
    {
        var database = await TestDatabase.CreateAsync(postgres);
        var options = new SimulatorOptions
        {
            Database = database.ConnectionString,
            Minions = minions,
            Latency = new LatencyDistribution { Median = TimeSpan.FromMilliseconds(20) },
        };
        options = simulator?.Invoke(options) ?? options;
        var master = new SimulatedMaster(options, TimeProvider.System);
        await master.StartAsync(CancellationToken.None);
        var passwordFile = Path.GetTempFileName();
        await File.WriteAllTextAsync(passwordFile, options.Password);
        var server = await StartServerAsync(database, master, passwordFile, settings);
        var rig = new ServerRig(database, master, server, passwordFile);
        await UntilAsync(
            () => database.ScalarAsync<long>("select count(*) from minion where key_status = 'accepted'"),
            known => known == minions, "the minions are known");
        return rig;
    }

    public T Get<T>()
        where T : notnull => Server.Services.GetRequiredService<T>();

    /// <summary>Schedules an action and expects that to be accepted.</summary>
    public async Task<ActionId> ScheduleAsync(
        string kind, string arguments = "{}", TargetSelection? target = null,
        Func<ActionOrder, ActionOrder>? change = null)
    {
        var order = new ActionOrder
        {
            Kind = kind,
            Arguments = JsonElement.Parse(arguments),
            Target = target ?? new TargetSelection { Glob = "*" },
        };
        var outcome = await Get<Scheduling>().ScheduleAsync(
            change?.Invoke(order) ?? order, "tester", CancellationToken.None);
        return outcome is ScheduleOutcome.Scheduled scheduled
            ? scheduled.Id
            : throw new InvalidOperationException(string.Join(
                "; ", ((ScheduleOutcome.Refused)outcome).Errors.Select(error => $"{error.Argument}: {error.Message}")));
    }

    /// <summary>Waits until an action has ended; returns its status.</summary>
    public async Task<string> UntilEndedAsync(ActionId action)
    {
        string status = "";
        await UntilAsync(
            async () => status = await Database.ScalarAsync<string>(
                "select status from action where id = $1", action.Value) ?? "",
            _ => status is "Completed" or "Failed" or "Cancelled", $"action {action} ends");
        return status;
    }

    /// <summary>
    /// What the ledger says against: targets that count as run and were not, ran more than once, or whose status is not
    /// what the minion's last run ended with. Empty when all is right.
    /// </summary>
    public async Task<IReadOnlyList<string>> ComplaintsAsync(ActionId action)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        var targets = await Statement.QueryAsync(
            connection, LastAttemptsSql, [action.Value],
            row => (Minion: row.GetString(0), Status: row.GetString(1), Jid: row.GetString(2)), CancellationToken.None);
        return [.. targets.Select(target => Complaint(target.Minion, target.Status, target.Jid)).OfType<string>()];
    }

    /// <summary>Stops this node and starts another one on the same database.</summary>
    public async Task RestartServerAsync(params (string Key, string Value)[] settings)
    {
        await Server.StopAsync(CancellationToken.None);
        await Server.DisposeAsync();
        Server = await StartServerAsync(Database, Master, passwordFile, settings);
    }

    /// <summary>
    /// Looks again and again until it holds; a minute without it fails the test with what was last seen.
    /// </summary>
    public static async Task UntilAsync<T>(Func<Task<T>> look, Func<T, bool> holds, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            var seen = await look();
            if (holds(seen))
            {
                return;
            }

            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Waited in vain until {what}; last seen: {seen}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync(CancellationToken.None);
        await Server.DisposeAsync();
        await Master.DisposeAsync();
        await Database.DisposeAsync();
        File.Delete(passwordFile);
    }

    private string? Complaint(string minion, string status, string jid)
    {
        var ran = Master.Ledger.Find(jid, minion);
        return (ran?.TimesRun ?? 0, status) switch
        {
            (> 1, _) => $"{minion} ran {jid} {ran!.TimesRun} times",
            (1, "Completed") when ran!.Retcode == 0 => null,
            (1, "Failed") when ran!.Retcode != 0 || ran.ReturnsStored == 0 => null,
            (0, "Failed" or "Cancelled" or "Skipped") => null,
            var (times, _) => $"{minion} is {status}, but ran {jid} {times} times with return code {ran?.Retcode}",
        };
    }

    /// <summary>A node as a process of its own, which can be killed; on the same database.</summary>
    public Task<ServerProcess> StartProcessAsync(params (string Key, string Value)[] settings) =>
        ServerProcess.StartAsync(
            [
                ("Database", Database.ConnectionString), ("Masters:0:Name", Master.Name),
                ("Masters:0:Url", Master.Api.ToString()), ("Masters:0:Username", "saltern"),
                ("Masters:0:PasswordFile", passwordFile), ("Masters:0:MasterTimeoutSeconds", "1"),
                ("Masters:0:SubmitTimeoutSeconds", "4"), ("Masters:0:ConnectTimeoutSeconds", "2"),
                ("Actions:RefreshNewMinions", "false"), .. settings,
            ],
            CancellationToken.None);

    /// <summary>One more node on the same database, on a machine whose clock may be wrong.</summary>
    public Task<SalternServer> StartNodeAsync(TimeProvider clock, params (string Key, string Value)[] settings) =>
        StartServerAsync(Database, Master, passwordFile, settings, clock);

    private static Task<SalternServer> StartServerAsync(
        TestDatabase database, SimulatedMaster master, string passwordFile, (string Key, string Value)[] settings,
        TimeProvider? clock = null) =>
        SalternServer.StartAsync(
            configuration => configuration
                .AddInMemoryCollection(new Dictionary<string, string?>
                {
                    ["Database:ConnectionString"] = database.ConnectionString,
                    ["Listen:Urls"] = "http://127.0.0.1:0",
                    ["Masters:0:Name"] = master.Name,
                    ["Masters:0:Url"] = master.Api.ToString(),
                    ["Masters:0:Username"] = "saltern",
                    ["Masters:0:PasswordFile"] = passwordFile,
                    ["Actions:RefreshNewMinions"] = "false",
                    ["Logging:LogLevel:Default"] = "Warning",
                })
                .AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value)),
            change: clock is null ? null : services => services.Replace(ServiceDescriptor.Singleton(clock)),
            CancellationToken.None);

    internal const string LastAttemptsSql = """
        select m.minion_id, t.status, s.jid
        from action_target t
        join minion m on m.minion_key = t.minion_key
        join attempt a on a.action_id = t.action_id and a.minion_key = t.minion_key
        join submission s on s.id = a.submission_id
        where t.action_id = $1 and a.status <> 'Busy' and a.number = t.attempt
        """;
}
