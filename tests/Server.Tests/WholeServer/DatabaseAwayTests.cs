using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Chaos;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Access;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Simulator;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>
/// A whole server whose PostgreSQL is taken away in the middle of a run, as a power cut and as a failover do. Returns
/// of that time are lost on the master, as with stock pgjsonb; what the minions did is found there, and compared.
/// </summary>
public sealed class DatabaseAwayTests : IAsyncLifetime
{
    private const int Minions = 60;

    private readonly string passwordFile = Path.GetTempFileName();
    private Cluster cluster = null!;
    private NpgsqlDataSource database = null!;
    private SimulatedMaster master = null!;
    private SalternServer server = null!;
    private HttpClient client = null!;

    public async ValueTask InitializeAsync()
    {
        cluster = await Cluster.CreateAsync(CancellationToken.None);
        var options = new DatabaseOptions { ConnectionString = cluster.ConnectionString };
        database = DatabaseConnections.Build(options, NullLoggerFactory.Instance);
        await new SchemaChanges(database, Options.Create(options), NullLogger<SchemaChanges>.Instance)
            .ApplyAsync(CancellationToken.None);
        var simulator = new SimulatorOptions
        {
            Database = cluster.ConnectionString, Minions = Minions,
            Latency = new LatencyDistribution { Median = TimeSpan.FromMilliseconds(300) },
        };
        await File.WriteAllTextAsync(passwordFile, simulator.Password);
        master = new SimulatedMaster(simulator, TimeProvider.System);
        await master.StartAsync(CancellationToken.None);
        server = await StartServerAsync();
        var created = await server.Services.GetRequiredService<Tokens>().CreateAsync(
            "test", [PermissionNames.Admin], null, "a test", CancellationToken.None);
        client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", Assert.IsType<TokenCreation.Created>(created).Token);
        await ServerRig.UntilAsync(
            () => ScalarAsync<long>("select count(*) from minion where key_status = 'accepted'"),
            known => known == Minions, "the minions are known");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.StopAsync(CancellationToken.None);
        await server.DisposeAsync();
        await master.DisposeAsync();
        await database.DisposeAsync();
        await cluster.DisposeAsync();
        File.Delete(passwordFile);
    }

    [Fact]
    public async Task Stopped_in_the_middle_of_a_run_it_is_said_streams_stay_open_and_all_settles_when_it_is_back()
    {
        using var answer = await client.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await using var events = SseParser.Create(body).EnumerateAsync().GetAsyncEnumerator();
        var action = await ScheduleAsync();
        await UntilSomeAreDoneAsync(action);

        await cluster.CrashAsync(CancellationToken.None);

        using var ready = await client.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var report = JsonSerializer.Deserialize<ReadinessReport>(
            await ready.Content.ReadAsStringAsync(), ContractJson.Options)!;
        Assert.Equal(("database", false), (report.Dependencies[0].Name, report.Dependencies[0].Good));
        using var list = await client.GetAsync("/api/v1/actions");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, list.StatusCode);
        Assert.Equal("application/problem+json", list.Content.Headers.ContentType!.MediaType);
        Assert.Contains("The database does not answer", await list.Content.ReadAsStringAsync());
        Assert.Contains("saltern_database_up 0", await client.GetStringAsync("/metrics"));
        // The stream asks whether its token still holds each time it was quiet: three times at least in here.
        for (var alive = 0; alive < 3; alive++)
        {
            do
            {
                Assert.True(await events.MoveNextAsync(), "the stream ended");
            }
            while (events.Current.EventType != ChangeEventNames.Alive);
        }

        await cluster.StartAsync(CancellationToken.None);

        do
        {
            Assert.True(await events.MoveNextAsync(), "the stream ended");
        }
        while (events.Current.EventType != ChangeEventNames.Reload);
        await ServerRig.UntilAsync(
            async () => (await client.GetAsync("/readyz")).StatusCode, code => code == HttpStatusCode.OK,
            "it is ready");
        await AllAreRightAsync(action);
        // An order of the time after is nothing special.
        await AllAreRightAsync(await ScheduleAsync());
    }

    [Fact]
    public async Task While_it_is_away_nothing_that_is_asked_of_the_server_piles_up_in_its_memory()
    {
        await cluster.CrashAsync(CancellationToken.None);
        var order = new
        {
            kind = "script.run", target = new { glob = "*" }, arguments = new { script = new string('x', 200_000) },
        };
        await AskAsync(order, 20);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await AskAsync(order, 500);

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        await cluster.StartAsync(CancellationToken.None);
        Assert.True(held < 20_000_000, $"100 MB were refused, and {held:N0} bytes are held since");
    }

    [Fact]
    public async Task All_sessions_cut_again_and_again_lose_nothing_and_run_nothing_twice()
    {
        var actions = new List<ActionId>();
        var refused = 0;
        for (var cut = 0; cut < 10; cut++)
        {
            actions.Add(await ScheduleAsync());
            await UntilSomeAreDoneAsync(actions[^1]);
            await ScalarAsync<long>("""
                select count(pg_terminate_backend(pid)) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()
                """);
            using var list = await client.GetAsync("/api/v1/actions");
            refused += list.StatusCode == HttpStatusCode.OK ? 0 : 1;
            // As many sessions as stood in the pool may turn out to be cut, each in another request.
            await ServerRig.UntilAsync(
                async () => (await client.GetAsync("/api/v1/actions")).StatusCode, code => code == HttpStatusCode.OK,
                "it answers again");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{refused} of 10 requests right after a cut were refused");
        foreach (var action in actions)
        {
            await AllAreRightAsync(action);
        }
    }

    private async Task AskAsync(object order, int times)
    {
        for (var asked = 0; asked < times; asked++)
        {
            using var answer = await client.PostAsJsonAsync("/api/v1/actions", order);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }
    }

    private async Task<ActionId> ScheduleAsync()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var order = new ActionOrder
                {
                    Kind = "state.apply", Arguments = JsonElement.Parse("""{"states":["ok"]}"""),
                    Target = new TargetSelection { Glob = "*" }, DeadlineSeconds = 3,
                };
                var outcome = await server.Services.GetRequiredService<Scheduling>().ScheduleAsync(
                    order, "tester", CancellationToken.None);
                return Assert.IsType<ScheduleOutcome.Scheduled>(outcome).Id;
            }
            catch (NpgsqlException) when (tries < 20)
            {
                // A session that was cut and stood in the pool.
            }
        }
    }

    private Task UntilSomeAreDoneAsync(ActionId action) => ServerRig.UntilAsync(
        () => ScalarAsync<int>("select completed from action_counts where action_id = $1", action.Value),
        done => done > 0, "some minions have returned");

    /// <summary>Every target completed, and its minion ran it exactly once, over all attempts.</summary>
    private async Task AllAreRightAsync(ActionId action)
    {
        await ServerRig.UntilAsync(
            () => ScalarAsync<string>("select status from action where id = $1", action.Value),
            status => status is "Completed" or "Failed", $"action {action} ends");
        await using var connection = await database.OpenConnectionAsync();
        var attempts = await Statement.QueryAsync(
            connection, CrashTests.TargetsSql + " where t.action_id = $1", [action.Value],
            row => (Minion: row.GetString(0), Status: row.GetString(1), Jid: row.GetString(2)), CancellationToken.None);
        Assert.Equal(Minions, attempts.Select(one => one.Minion).Distinct().Count());
        Assert.All(attempts.GroupBy(one => one.Minion), target =>
        {
            Assert.Equal("Completed", target.First().Status);
            Assert.Equal(1, target.Sum(one => master.Ledger.Find(one.Jid, one.Minion)?.TimesRun ?? 0));
        });
    }

    private async Task<T?> ScalarAsync<T>(string sql, params object[] values)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync();
                await using var command = Statement.Of(connection, sql, values);
                return await command.ExecuteScalarAsync() is T value ? value : default;
            }
            catch (NpgsqlException) when (tries < 20)
            {
                // Ours was cut as well.
            }
        }
    }

    private Task<SalternServer> StartServerAsync() => SalternServer.StartAsync(
        configuration => configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Database:ConnectionString"] = cluster.ConnectionString,
            ["Listen:Urls"] = "http://127.0.0.1:0",
            ["Masters:0:Name"] = master.Name,
            ["Masters:0:Url"] = master.Api.ToString(),
            ["Masters:0:Username"] = "saltern",
            ["Masters:0:PasswordFile"] = passwordFile,
            ["Masters:0:MasterTimeoutSeconds"] = "1",
            ["Masters:0:SubmitTimeoutSeconds"] = "4",
            ["Masters:0:ConnectTimeoutSeconds"] = "2",
            ["Dispatch:Lease"] = "00:00:05",
            ["Dispatch:EvidenceGrace"] = "00:00:01",
            ["Dispatch:AskDeadline"] = "00:00:03",
            ["Results:Sweep"] = "00:00:01",
            ["Results:FirstAskAfter"] = "00:00:01",
            ["Results:ProofAfter"] = "00:00:02",
            ["Results:RetryPause"] = "00:00:01",
            ["Changes:KeepAlive"] = "00:00:01",
            ["Actions:RefreshNewMinions"] = "false",
            ["Logging:LogLevel:Default"] = "None",
        }),
        change: null,
        CancellationToken.None);
}
