using System.Globalization;
using Npgsql;
using Saltern.Chaos.Migrations;
using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using Saltern.Simulator;

namespace Saltern.Simulation;

/// <summary>
/// All that a seed decides about: a database, one or two masters with their minions, two or three nodes, and the one
/// clock. What moves is moved by a step, and a step ends when all that follows from it by now has happened.
/// </summary>
internal sealed class World : IAsyncDisposable
{
    private const int Minions = 6;

    private readonly List<string> story = [];
    private readonly string passwordFile = Path.GetTempFileName();

    private World(TestDatabase database, int seed)
    {
        Database = database;
        Seed = seed;
        Random = new Random(seed);
        Migrates = seed % 5 is 1 or 3;
        Watch = new Watch(this);
    }

    public int Seed { get; }

    public Random Random { get; }

    /// <summary>Its minions have products, and are migrated: two seeds of five.</summary>
    public bool Migrates { get; }

    public TestDatabase Database { get; }

    public TestClock Clock { get; } = new();

    public Watch Watch { get; }

    public List<MasterInWorld> Masters { get; } = [];

    public List<SaltMasterOptions> SaltSettings { get; } = [];

    public List<Node> Nodes { get; } = [];

    /// <summary>What happened, step by step: the same for the same seed.</summary>
    public IReadOnlyList<string> Story => story;

    /// <summary>No more faults: all is to settle.</summary>
    public bool IsHealed { get; set; }

    public Dictionary<string, string?> Settings { get; } = new()
    {
        ["Dispatch:CallsAtATime"] = "1", ["Results:AtATime"] = "1", ["Actions:RefreshNewMinions"] = "false",
    };

    public string NodeConnectionString => new NpgsqlConnectionStringBuilder(Database.ConnectionString)
    {
        SearchPath = Ground.SearchPath, ApplicationName = "node", MaxPoolSize = 10,
        MaxAutoPrepare = 100, AutoPrepareMinUsages = 2,
    }.ConnectionString;

    public static async Task<World> CreateAsync(PostgresServer postgres, int seed)
    {
        var world = new World(await TestDatabase.CreateAsync(postgres), seed);
        await world.BuildAsync();
        return world;
    }

    public void Note(string what) => story.Add(what);

    public bool Chance(int percent) => Random.Next(100) < percent;

    public T Pick<T>(IReadOnlyList<T> some) => some[Random.Next(some.Count)];

    /// <summary>Drawn for every call, so that it is the order of calls that decides.</summary>
    public CallFault NextCallFault()
    {
        var drawn = Random.Next(100);
        return IsHealed ? CallFault.None : drawn switch
        {
            < 3 => CallFault.SleepBefore,
            < 6 => CallFault.SleepAfter,
            < 8 => CallFault.KillBefore,
            < 10 => CallFault.KillAfter,
            _ => CallFault.None,
        };
    }

    /// <summary>Time passes, in leaps that end where a held call's time is up; calls then go on one by one.</summary>
    public async Task PassTimeAsync(TimeSpan by)
    {
        var end = Clock.GetUtcNow() + by;
        var leap = by / 4;
        while (Clock.GetUtcNow() < end)
        {
            var next = Clock.GetUtcNow() + leap;
            var held = Held().Select(one => one.Pass.Standing!.HeldUntil!.Value).Append(end).Min();
            next = next < held ? next : held;
            await MoveClockAsync(next > Clock.GetUtcNow() ? next : Clock.GetUtcNow());
            var ended = Held().Where(one => one.Pass.Standing!.HeldUntil <= Clock.GetUtcNow()).ToList();
            foreach (var (node, pass) in ended)
            {
                await AfterPassAsync(node, await node.GoOnAsync(pass));
                await QuietAsync();
            }
        }
    }

    /// <summary>A hair later: no two calls that are held have the same end.</summary>
    public Task TickAsync() => PassTimeAsync(TimeSpan.FromMilliseconds(4));

    /// <summary>A pass that was cut off by a fault may have been the end of its node.</summary>
    public async Task AfterPassAsync(Node node, bool ended)
    {
        if (!ended && Random.Next(2) == 0)
        {
            await KillAsync(node);
        }
    }

    public async Task KillAsync(Node node)
    {
        Note($"  {node.Name} is killed, another one takes its place");
        await node.DisposeAsync();
        Nodes[Nodes.IndexOf(node)] = new Node(this, node.Name);
    }

    /// <summary>Until all that is due by now has happened at the masters and stands in the job cache.</summary>
    public async Task QuietAsync()
    {
        for (var looks = 0; !Masters.TrueForAll(master => master.Simulated.IsQuiet); looks++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            if (looks > 60_000)
            {
                throw new TimeoutException("A simulated master does not come to rest.");
            }
        }
    }

    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object?[] values)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        return await Statement.QueryAsync(connection, sql, values, read, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        foreach (var master in Masters)
        {
            await master.Simulated.DisposeAsync();
        }

        await Database.DisposeAsync();
        File.Delete(passwordFile);
    }

    private IEnumerable<(Node Node, OngoingPass Pass)> Held() => Nodes.SelectMany(node => node.Ongoing
        .Where(pass => pass.Standing!.HeldUntil is not null).Select(pass => (node, pass)));

    private async Task MoveClockAsync(DateTimeOffset to)
    {
        await Database.ExecuteAsync(Ground.SetClockSql, to);
        Clock.Set(to);
        await QuietAsync();
    }

    private async Task BuildAsync()
    {
        await Database.ExecuteAsync(Ground.LaySql);
        await File.WriteAllTextAsync(passwordFile, new SimulatorOptions { Database = "none" }.Password);
        Settings["Database:ConnectionString"] = Database.ConnectionString;
        foreach (var name in Chance(60) ? new[] { "east", "west" } : ["east"])
        {
            await AddMasterAsync(name, collects: name == "west" && Chance(40));
        }

        for (var number = 1; number <= 2 + Random.Next(2); number++)
        {
            Nodes.Add(new Node(this, $"n{number}"));
        }

        await Nodes[0].Get<Masters>().RegisterAsync(CancellationToken.None);
        await Database.ExecuteAsync(
            """
            insert into minion (key_domain_id, minion_id, master_id)
            select m.key_domain_id, 'm' || n, m.id from master m cross join generate_series(1, $1) n order by m.id, n
            """,
            Minions);
        if (Migrates)
        {
            await MigrationGround.LayAsync(this);
        }

        Note($"{Masters.Count} masters, {Nodes.Count} nodes, {SaltSettings[0].MaxInFlight} in flight");
    }

    private async Task AddMasterAsync(string name, bool collects)
    {
        var simulated = new SimulatedMaster(
            new SimulatorOptions
            {
                Name = name,
                Database = Database.ConnectionString,
                Cache = collects ? CacheKind.File : CacheKind.Database,
                Minions = Minions,
                NamePattern = "m{0}",
                Seed = (ulong)Seed,
                CacheJobsShare = 0.7,
                Writers = 1,
                ForkDelay = TimeSpan.FromMilliseconds(500),
                Latency = new LatencyDistribution { Median = TimeSpan.FromMilliseconds(400) },
                Products = Migrates ? Ladder.Products : null,
                Repositories = Migrates ? Ladder.Repositories : null,
            },
            Clock);
        await simulated.StartAsync(CancellationToken.None);
        Masters.Add(new MasterInWorld(simulated, collects));
        SaltSettings.Add(new SaltMasterOptions
        {
            Name = name, Url = simulated.Api.ToString(), Username = "saltern", PasswordFile = passwordFile,
            KeyDomain = name, JobCache = collects ? "runner" : "database",
            // One length for all: a call that is held stands until then, whichever part of it is held.
            LoginTimeoutSeconds = 30, SubmitTimeoutSeconds = 30, RunnerTimeoutSeconds = 30,
            MaxInFlight = Random.Next(3, 9), MaxNamesPerSubmission = Random.Next(2, 5),
        });
    }

    public static string Show(TimeSpan time) => time.ToString("c", CultureInfo.InvariantCulture);
}
