using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Simulator;
using Saltern.Simulator.Faults;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>
/// A whole server with two simulated masters of one key domain, which return into one database: master1 has the
/// minions a1, a2, …, master2 b1, b2, ….
/// </summary>
internal sealed class TwoMasters : IAsyncDisposable
{
    private readonly string passwordFile = Path.GetTempFileName();
    private CoreRig orders = null!;

    public TestDatabase Database { get; private init; } = null!;

    public SimulatedMaster First { get; private init; } = null!;

    public SimulatedMaster Second { get; private init; } = null!;

    public SalternServer Server { get; private set; } = null!;

    public static async Task<TwoMasters> StartAsync(PostgresServer postgres, int minionsEach, bool firstIsThere = true)
    {
        var database = await TestDatabase.CreateAsync(postgres);
        var ground = new TwoMasters
        {
            Database = database,
            First = await MasterAsync(database, "master1", "a{0}", minionsEach),
            Second = await MasterAsync(database, "master2", "b{0}", minionsEach),
        };
        if (!firstIsThere)
        {
            await ground.TakeFirstAwayAsync();
        }

        await File.WriteAllTextAsync(ground.passwordFile, new SimulatorOptions().Password);
        ground.Server = await SalternServer.StartAsync(
            configuration => configuration.AddInMemoryCollection(ground.Settings()), null, CancellationToken.None);
        ground.orders = await CoreRig.StartAsync(
            database, 2, services => services.AddSingleton(TimeProvider.System));
        await ServerRig.UntilAsync(
            () => database.ScalarAsync<long>("select count(*) from minion where key_status = 'accepted'"),
            known => known == (firstIsThere ? 2 : 1) * minionsEach, "the minions are known");
        return ground;
    }

    /// <summary>Nothing listens where the first master was.</summary>
    public async Task TakeFirstAwayAsync()
    {
        First.Faults.Set(FaultNames.RefuseConnection);
        await First.SwitchedAsync();
    }

    public async Task BringFirstBackAsync()
    {
        First.Faults.Clear(FaultNames.RefuseConnection);
        await First.SwitchedAsync();
    }

    public Task<ActionId> ScheduleAsync(
        string kind, string arguments = "{}", string glob = "*", Func<ActionOrder, ActionOrder>? change = null) =>
        orders.ScheduleAsync(kind, arguments, new TargetSelection { Glob = glob }, change);

    public async Task<string> UntilEndedAsync(ActionId action)
    {
        var status = "";
        await ServerRig.UntilAsync(
            async () => status = await Database.ScalarAsync<string>(
                "select status from action where id = $1", action.Value) ?? "",
            _ => status is "Completed" or "Failed", $"action {action} ends");
        return status;
    }

    public Task UntilCountAsync(ActionId action, string status, int count) => ServerRig.UntilAsync(
        async () => (int)await Database.ScalarAsync<long>(
            "select count(*) from action_target where action_id = $1 and status = $2", action.Value, status),
        seen => seen == count, $"{count} targets of {action} are {status}");

    /// <summary>How often a minion ran a function, on whichever master it was.</summary>
    public async Task<int> RunsAsync(ActionId action, string minion)
    {
        await using var command = Database.DataSource.CreateCommand(
            "select jid from submission where action_id = $1 and not is_ask");
        command.Parameters.AddWithValue(action.Value);
        var runs = 0;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            runs += new[] { First, Second }.Sum(
                master => master.Ledger.Find(reader.GetString(0), minion)?.TimesRun ?? 0);
        }

        return runs;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync(CancellationToken.None);
        await Server.DisposeAsync();
        await orders.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await Database.DisposeAsync();
        File.Delete(passwordFile);
    }

    private static async Task<SimulatedMaster> MasterAsync(
        TestDatabase database, string name, string pattern, int minions)
    {
        var options = new SimulatorOptions
        {
            Name = name,
            Database = database.ConnectionString,
            NamePattern = pattern,
            Minions = minions,
            Latency = new LatencyDistribution { Median = TimeSpan.FromMilliseconds(20) },
        };
        var master = new SimulatedMaster(options, TimeProvider.System);
        await master.StartAsync(CancellationToken.None);
        return master;
    }

    private Dictionary<string, string?> Settings()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Database:ConnectionString"] = Database.ConnectionString,
            ["Listen:Urls"] = "http://127.0.0.1:0",
            ["Actions:RefreshNewMinions"] = "false",
            ["Logging:LogLevel:Default"] = "Critical",
            ["Fleet:LongestPause"] = "00:00:02",
            ["Results:Sweep"] = "00:00:01",
            ["Results:FirstAskAfter"] = "00:00:01",
            ["Results:ProofAfter"] = "00:00:02",
            ["Results:RetryPause"] = "00:00:01",
            ["Dispatch:AskDeadline"] = "00:00:02",
        };
        foreach (var (master, i) in new[] { First, Second }.Select((master, i) => (master, i)))
        {
            settings[$"Masters:{i}:Name"] = master.Name;
            settings[$"Masters:{i}:Url"] = master.Api.ToString();
            settings[$"Masters:{i}:Username"] = "saltern";
            settings[$"Masters:{i}:PasswordFile"] = passwordFile;
        }

        return settings;
    }
}
