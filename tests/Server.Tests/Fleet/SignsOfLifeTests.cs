using Saltern.Rig;
using Saltern.Server.Fleet;

namespace Saltern.Server.Tests.Fleet;

public sealed class SignsOfLifeTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = FleetUnderTest.Start;
    private TestDatabase _database = null!;
    private FleetUnderTest _fleet = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server);
        _fleet = new FleetUnderTest(_database);
        await _database.AddMasterAsync("salt1");
        await _database.AddMasterAsync("salt2", "dmz");
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_start_event_is_a_sign_of_life_of_the_minion_in_its_masters_key_domain()
    {
        await _database.AddMinionAsync("web1");
        var there = await _database.AddMinionAsync("web1", domain: "dmz");
        await StartEventAsync("web1", "salt2", Now.AddSeconds(-10));

        var (taken, minions) = await _fleet.Signs.RunOnceAsync(CancellationToken.None);

        Assert.Equal(1, taken);
        Assert.Equal([there], minions);
        Assert.Equal(Now.AddSeconds(-10), await ContactAsync(there));
    }

    [Fact]
    public async Task A_master_by_another_name_is_no_obstacle_where_the_id_is_unique()
    {
        var web1 = await _database.AddMinionAsync("web1");
        await _database.AddMinionAsync("twin");
        await _database.AddMinionAsync("twin", domain: "dmz");
        await StartEventAsync("web1", "salt.example.org_master", Now);
        await StartEventAsync("twin", "salt.example.org_master", Now);
        await StartEventAsync("stranger", "salt1", Now);

        var (taken, minions) = await _fleet.Signs.RunOnceAsync(CancellationToken.None);

        Assert.Equal(3, taken);
        Assert.Equal([web1], minions);
        Assert.Equal(0L, await _database.ScalarAsync<long>("select count(*) from start_inbox"));
    }

    [Fact]
    public async Task Recording_17_a_minion_that_starts_on_another_master_of_its_key_domain_is_with_that_one()
    {
        await _database.AddMasterAsync("salt3");
        var web1 = await _database.AddMinionAsync("web1");
        await _database.ExecuteAsync("update minion set master_id = (select id from master where name = 'salt1')");

        await StartEventAsync("web1", "salt3", Now.AddSeconds(-60));
        await StartEventAsync("web1", "salt2", Now.AddSeconds(-10));
        await StartEventAsync("web1", "salt.example.org_master", Now.AddSeconds(-5));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);

        // salt2 is of another domain and knows another web1; of a master by another name nothing can be said.
        Assert.Equal("salt3", await MasterOfAsync(web1));
    }

    [Fact]
    public async Task Recording_17b_of_two_masters_a_minion_is_with_the_one_it_connected_to_last()
    {
        await _database.AddMasterAsync("salt3");
        var web1 = await _database.AddMinionAsync("web1");
        await _database.ExecuteAsync("update minion set master_id = (select id from master where name = 'salt1')");

        await StartEventAsync("web1", "salt3", Now.AddSeconds(-9));
        await StartEventAsync("web1", "salt1", Now.AddSeconds(-8));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);
        Assert.Equal("salt1", await MasterOfAsync(web1));

        await StartEventAsync("web1", "salt3", Now.AddSeconds(-7));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);
        Assert.Equal("salt3", await MasterOfAsync(web1));
    }

    [Fact]
    public async Task An_old_start_event_that_arrives_late_moves_no_minion_back()
    {
        await _database.AddMasterAsync("salt3");
        var web1 = await _database.AddMinionAsync("web1");
        await _database.ExecuteAsync("update minion set master_id = (select id from master where name = 'salt1')");
        await StartEventAsync("web1", "salt3", Now.AddMinutes(-30));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);
        await StartEventAsync("web1", "salt3", Now.AddMinutes(-10));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);

        // salt1 kept it in its spool while the database was away.
        await StartEventAsync("web1", "salt1", Now.AddMinutes(-20));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);

        Assert.Equal("salt3", await MasterOfAsync(web1));
    }

    [Fact]
    public async Task A_time_that_lies_in_our_future_is_taken_for_now_and_none_moves_back()
    {
        var web1 = await _database.AddMinionAsync("web1");
        await StartEventAsync("web1", "salt1", Now.AddDays(3));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);
        Assert.Equal(Now, await ContactAsync(web1));

        await StartEventAsync("web1", "salt1", Now.AddDays(-3));
        await _fleet.Signs.RunOnceAsync(CancellationToken.None);

        Assert.Equal(Now, await ContactAsync(web1));
    }

    [Fact]
    public async Task Start_events_are_taken_in_bounded_batches()
    {
        await _database.ExecuteAsync("""
            insert into start_inbox (minion_id, master_id) select 'm' || i, 'salt1' from generate_series(1, 2500) i
            """);

        Assert.Equal(2_000, (await _fleet.Signs.RunOnceAsync(CancellationToken.None)).Taken);
        Assert.Equal(500, (await _fleet.Signs.RunOnceAsync(CancellationToken.None)).Taken);
        Assert.Equal(0, (await _fleet.Signs.RunOnceAsync(CancellationToken.None)).Taken);
    }

    [Fact]
    public async Task A_busy_minion_is_written_once_a_minute()
    {
        var web1 = await _database.AddMinionAsync("web1");
        var written = new List<int>();
        foreach (var second in new[] { 0, 1, 59, 60, 61, 62 })
        {
            _fleet.Clock.Set(Now.AddSeconds(second));
            written.Add(await _fleet.Signs.TouchAsync([web1], CancellationToken.None));
        }

        Assert.Equal([1, 0, 0, 0, 1, 0], written);
    }

    [Fact]
    public async Task Signs_of_the_same_minions_from_many_sides_never_deadlock()
    {
        var minions = new List<MinionKey>();
        for (var i = 0; i < 50; i++)
        {
            minions.Add(await _database.AddMinionAsync($"m{i:00}"));
        }

        var random = new Random(7);
        for (var i = 0; i < 30; i++)
        {
            _fleet.Clock.Set(Now.AddMinutes(2 * i));
            var orders = Enumerable.Range(0, 8).Select(_ => minions.OrderBy(_ => random.Next()).ToList()).ToList();
            await Task.WhenAll(orders.Select(order => _fleet.Signs.TouchAsync(order, CancellationToken.None)));
        }

        Assert.Equal(Now.AddMinutes(58), await ContactAsync(minions[0]));
    }

    private Task<string?> MasterOfAsync(MinionKey minion) => _database.ScalarAsync<string>(
        "select r.name from minion m join master r on r.id = m.master_id where m.minion_key = $1", minion.Value);

    private Task<int> StartEventAsync(string minion, string master, DateTimeOffset at) => _database.ExecuteAsync(
        "insert into salt.salt_events (tag, data, alter_time, master_id) values ($1, '{}', $2, $3)",
        $"salt/minion/{minion}/start", at, master);

    private async Task<DateTimeOffset?> ContactAsync(MinionKey minion) =>
        (await _fleet.Lists.FindAsync(minion, CancellationToken.None))!.Row.LastContactAt;
}
