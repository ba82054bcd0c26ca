using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Housekeeping;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Server.ServicePacks;

namespace Saltern.Rig;

/// <summary>
/// The slices between an order and its end, on a real database and a test clock, with scripted masters and without
/// any loop running: a test calls the passes itself, in the order it wants.
/// </summary>
internal sealed class CoreRig : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private CoreRig(TestDatabase database, ServiceProvider services, IReadOnlyList<ScriptedSalt> salt)
    {
        Database = database;
        this.services = services;
        Salt = salt;
    }

    public TestDatabase Database { get; }

    public IReadOnlyList<ScriptedSalt> Salt { get; }

    public TestClock Clock => (TestClock)Get<TimeProvider>();

    public Dispatcher Dispatcher => Get<Dispatcher>();

    public Settler Settler => Get<Settler>();

    public static async Task<CoreRig> StartAsync(
        TestDatabase database, int masters = 1, Action<IServiceCollection>? change = null,
        params (string Key, string Value)[] settings)
    {
        var salt = Enumerable.Range(1, masters).Select(number => new ScriptedSalt($"master{number}")).ToArray();
        var options = salt.Select(master => new SaltMasterOptions
        {
            Name = master.Master,
            Url = "http://127.0.0.1:1",
            MaxInFlight = Setting(settings, "MaxInFlight", 2_000),
            MaxNamesPerSubmission = Setting(settings, "MaxNamesPerSubmission", 2_000),
        });
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value))
            .AddInMemoryCollection([new("Database:ConnectionString", database.ConnectionString)])
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddLogging();
        services.AddSingleton<TimeProvider>(new TestClock());
        services.AddSingleton(new SaltMasters(options.Zip(salt, (one, api) => (one, (ISaltApi)api))));
        services.AddDatabase();
        services.AddFleet();
        services.AddChannels();
        services.AddActions();
        services.AddActionKinds();
        services.AddDispatch();
        services.AddResults();
        services.AddServicePacks();
        services.AddHousekeeping();
        change?.Invoke(services);
        var rig = new CoreRig(database, services.BuildServiceProvider(), salt);
        await rig.Get<Masters>().RegisterAsync(CancellationToken.None);
        return rig;
    }

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    /// <summary>Makes minions known, with accepted keys, on the first master unless said otherwise.</summary>
    /// <remarks>Unless said otherwise they were heard from just now, for as long as a test may last.</remarks>
    public Task AddMinionsAsync(
        int count, string pattern = "m{0}", string master = "master1", bool heard = true) => Database.ExecuteAsync(
        """
        with added as (
            insert into minion (key_domain_id, minion_id, master_id)
            select m.key_domain_id, replace($1, '{0}', n::text), m.id
            from master m cross join generate_series(1, $2) n where m.name = $3
            returning minion_key)
        insert into minion_contact select minion_key, '2099-01-01Z' from added where $4
        """,
        pattern, count, master, heard);

    /// <summary>Schedules an action and expects that to be accepted.</summary>
    public async Task<ActionId> ScheduleAsync(
        string kind = "ping", string arguments = "{}", TargetSelection? target = null,
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
        return outcome switch
        {
            ScheduleOutcome.Scheduled scheduled => scheduled.Id,
            ScheduleOutcome.Refused refused => throw new InvalidOperationException(
                string.Join("; ", refused.Errors.Select(error => $"{error.Argument}: {error.Message}"))),
            _ => throw new InvalidOperationException("an outcome without a name"),
        };
    }

    public Task<int> DispatchAsync() => Dispatcher.RunOnceAsync(CancellationToken.None);

    /// <summary>Settles until the inbox is empty; returns how many targets got their status.</summary>
    public async Task<int> SettleAsync()
    {
        var targets = (await Settler.DrainAsync(CancellationToken.None)).Targets;
        await Get<SignsOfLife>().WriteHeardAsync(CancellationToken.None);
        return targets;
    }

    /// <summary>Lets all that is overdue by now be watched, and given up when nothing is heard of it.</summary>
    public async Task GiveUpAsync()
    {
        await Get<Overdue>().RunOnceAsync(CancellationToken.None);
        Clock.Advance(TimeSpan.FromDays(8));
        await Get<Overdue>().RunOnceAsync(CancellationToken.None);
    }

    /// <summary>Writes a return into the job cache as the stock returner does.</summary>
    public Task ReturnAsync(
        string jid, string minion, string returned = "true", int retcode = 0, string function = "test.ping",
        DateTimeOffset? at = null)
    {
        var success = retcode == 0 ? "true" : "false";
        var full = $$"""{"cmd":"_return","id":"{{minion}}","success":{{success}},"return":{{returned}}"""
            + $$""","retcode":{{retcode}},"jid":"{{jid}}","fun":"{{function}}","fun_args":[]"""
            + ""","_stamp":"2026-03-02T08:00:00.000000"}""";
        return Database.ExecuteAsync(
            """
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
            values ($1, $2, $3::json, $4, $5, $6::json, $7)
            """,
            function, jid, returned, minion, success, full, at ?? Clock.GetUtcNow());
    }

    /// <summary>Status of every target of an action by minion id.</summary>
    public async Task<Dictionary<string, string>> StatusesAsync(ActionId action)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        return (await Statement.QueryAsync(
            connection,
            """
            select m.minion_id, t.status from action_target t join minion m on m.minion_key = t.minion_key
            where t.action_id = $1
            """,
            [action.Value], row => (row.GetString(0), row.GetString(1)), CancellationToken.None)).ToDictionary();
    }

    /// <summary>The action's status and its counters, checked against a count of its targets.</summary>
    public async Task<(string Status, TargetCounts Counts)> ReadAsync(ActionId action)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        var kept = (await Statement.QueryAsync(
            connection, KeptSql, [action.Value], row => (row.GetString(0), Counts(row, 1)), CancellationToken.None))[0];
        var counted = (await Statement.QueryAsync(
            connection, CountedSql, [action.Value], row => Counts(row, 0), CancellationToken.None))[0];
        return kept.Item2 == counted
            ? kept
            : throw new InvalidOperationException($"the kept counters {kept.Item2} are not the counted ones {counted}");
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();

    private static int Setting((string Key, string Value)[] settings, string key, int otherwise) =>
        settings.Where(pair => pair.Key == key).Select(pair => int.Parse(pair.Value)).FirstOrDefault(otherwise);

    private static TargetCounts Counts(NpgsqlDataReader row, int first) => new(
        row.GetInt32(first), row.GetInt32(first + 1), row.GetInt32(first + 2), row.GetInt32(first + 3),
        row.GetInt32(first + 4), row.GetInt32(first + 5), row.GetInt32(first + 6));

    private const string KeptSql = """
        select a.status, c.total, c.queued, c.picked_up, c.completed, c.failed, c.cancelled, c.skipped
        from action a join action_counts c on c.action_id = a.id where a.id = $1
        """;

    private const string CountedSql = """
        select count(*)::int, (count(*) filter (where status = 'Queued'))::int,
               (count(*) filter (where status = 'PickedUp'))::int, (count(*) filter (where status = 'Completed'))::int,
               (count(*) filter (where status = 'Failed'))::int, (count(*) filter (where status = 'Cancelled'))::int,
               (count(*) filter (where status = 'Skipped'))::int
        from action_target where action_id = $1
        """;
}
