using Saltern.Rig;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Tests.Fleet;

public sealed class KeyReadingTests(PostgresServer server) : IAsyncLifetime
{
    private readonly MasterWithKeys _a = new("a");
    private readonly MasterWithKeys _b = new("b");
    private readonly MasterWithKeys _far = new("far");
    private TestDatabase _database = null!;
    private FleetUnderTest _fleet = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server);
        _fleet = new FleetUnderTest(_database, (_a, "default"), (_b, "default"), (_far, "dmz"));
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Minions_become_what_the_masters_keys_say_and_a_second_reading_writes_nothing()
    {
        _a.Has("accepted", "web1").Has("pending", "new1").Has("rejected", "bad1").Has("denied", "odd1");
        _far.Has("accepted", "web1", "fp-other");

        var first = await _fleet.ReadKeysAsync();
        var second = await _fleet.ReadKeysAsync();

        Assert.Equal(
            [
                "bad1 default a rejected fp-bad1", "new1 default a pending fp-new1", "odd1 default a denied fp-odd1",
                "web1 default a accepted fp-web1", "web1 dmz far accepted fp-other",
            ],
            await LinesAsync());
        Assert.Equal([4, 1], first.Select(domain => domain.Written));
        Assert.All(second, domain => Assert.False(domain.Any));
    }

    [Fact]
    public async Task A_new_fleet_of_many_becomes_known_at_once()
    {
        for (var number = 0; number < 50_000; number++)
        {
            _a.Has("accepted", $"n{number:D6}");
        }

        var first = await _fleet.ReadKeysAsync();
        var second = await _fleet.ReadKeysAsync();

        Assert.Equal(50_000, first[0].Written);
        Assert.False(second[0].Any);
    }

    [Fact]
    public async Task A_minion_that_no_master_lists_is_deleted_and_comes_back_under_its_own_key()
    {
        _a.Has("accepted", "web1");
        await _fleet.ReadKeysAsync();
        var key = await KeyAsync("web1");
        _a.HasNot("web1");
        await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default a deleted fp-web1"], await LinesAsync());

        _a.Has("accepted", "web1", "fp-new");
        await _fleet.ReadKeysAsync();

        Assert.Equal(["web1 default a accepted fp-new"], await LinesAsync());
        Assert.Equal(key, await KeyAsync("web1"));
    }

    [Fact]
    public async Task A_minion_that_starts_elsewhere_while_keys_are_read_is_neither_taken_back_nor_gone()
    {
        _a.Has("accepted", "web1").Has("accepted", "web2");
        await _fleet.ReadKeysAsync();
        _a.Meanwhile = async () =>
        {
            // Their keys were taken in by b just after it had given its list.
            _fleet.Clock.Advance(TimeSpan.FromSeconds(1));
            await _database.ExecuteAsync(
                "insert into start_inbox (minion_id, master_id, started_at) select m, 'b', $1 "
                + "from unnest(array['web1', 'web2']) m",
                _fleet.Clock.GetUtcNow());
            await _fleet.Signs.RunOnceAsync(CancellationToken.None);
            _fleet.Clock.Advance(TimeSpan.FromSeconds(1));
        };
        _a.HasNot("web2");

        await _fleet.ReadKeysAsync();

        Assert.Equal(["web1 default b accepted fp-web1", "web2 default b accepted fp-web2"], await LinesAsync());
        _a.Meanwhile = () => Task.CompletedTask;
        await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default a accepted fp-web1", "web2 default b deleted fp-web2"], await LinesAsync());
    }

    [Fact]
    public async Task A_minion_moves_to_the_master_where_its_key_is_accepted()
    {
        _a.Has("accepted", "web1");
        await _fleet.ReadKeysAsync();
        var key = await KeyAsync("web1");
        _b.Has("accepted", "web1");
        await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default a accepted fp-web1"], await LinesAsync());

        _a.HasNot("web1").Has("pending", "web1");
        await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default b accepted fp-web1"], await LinesAsync());

        _a.HasNot("web1");
        var read = await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default b accepted fp-web1"], await LinesAsync());
        Assert.Equal(key, await KeyAsync("web1"));
        Assert.All(read, domain => Assert.False(domain.Any));
    }

    [Fact]
    public async Task A_master_that_did_not_answer_is_asked_again_soon_and_not_at_the_next_interval()
    {
        _a.Down = new SaltAnswer<MinionKeys>.Failed(SaltFailure.Unreachable, "connection refused");
        var away = _fleet.Keys.WaitAfter(await _fleet.ReadKeysAsync());
        _a.Down = null;
        var well = _fleet.Keys.WaitAfter(await _fleet.ReadKeysAsync());

        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5)), (away, well));
    }

    [Fact]
    public async Task What_a_master_that_does_not_answer_last_said_stands()
    {
        _a.Has("accepted", "web1").Has("pending", "web2");
        await _fleet.ReadKeysAsync();
        _a.Down = new SaltAnswer<MinionKeys>.Failed(SaltFailure.Unreachable, "connection refused");
        _b.Has("accepted", "web1").Has("accepted", "web2");

        await _fleet.ReadKeysAsync();

        Assert.Equal(["web1 default a accepted fp-web1", "web2 default b accepted fp-web2"], await LinesAsync());
        var master = (await _fleet.Masters.ListAsync(CancellationToken.None))[0];
        Assert.Equal((MasterHealth.Unreachable, "connection refused"), (master.Health, master.HealthReason));
    }

    [Fact]
    public async Task Minions_of_a_master_that_is_no_longer_in_the_settings_go_to_the_one_that_has_them()
    {
        _a.Has("accepted", "web1").Has("accepted", "web2");
        await _fleet.ReadKeysAsync();
        _b.Has("accepted", "web1");
        var later = new FleetUnderTest(_database, (_b, "default"));

        await later.ReadKeysAsync();

        Assert.Equal(["web1 default b accepted fp-web1", "web2 default a accepted fp-web2"], await LinesAsync());
    }

    [Fact]
    public async Task Another_key_of_the_same_id_is_flagged_and_not_taken_until_somebody_trusts_it()
    {
        _a.Has("accepted", "web1");
        await _fleet.ReadKeysAsync();
        _a.HasNot("web1").Has("accepted", "web1", "fp-stranger");
        await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default a accepted fp-web1 !"], await LinesAsync());

        Assert.True(await _fleet.Orders.TrustAsync(await KeyAsync("web1"), "ann", CancellationToken.None));
        await _fleet.ReadKeysAsync();

        Assert.Equal(["web1 default a accepted fp-stranger"], await LinesAsync());
        Assert.False(await _fleet.Orders.TrustAsync(await KeyAsync("web1"), "ann", CancellationToken.None));
    }

    [Theory]
    [InlineData("a", "denied")]
    [InlineData("b", "pending")]
    [InlineData("b", "accepted")]
    public async Task Two_keys_of_one_id_in_a_domain_are_flagged_as_long_as_there_are_two(string master, string list)
    {
        _a.Has("accepted", "web1");
        var second = master == "a" ? _a : _b;
        second.Has(list, "web1", "fp-stranger");
        await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default a accepted fp-web1 !"], await LinesAsync());

        second.HasNot("web1");
        _a.HasNot("web1").Has("accepted", "web1");
        await _fleet.ReadKeysAsync();

        Assert.Equal(["web1 default a accepted fp-web1"], await LinesAsync());
    }

    [Fact]
    public async Task A_machine_that_was_set_up_anew_gets_its_new_key_when_it_is_accepted()
    {
        _a.Has("accepted", "web1");
        await _fleet.ReadKeysAsync();
        _a.HasNot("web1").Has("pending", "web1", "fp-anew");
        await _fleet.ReadKeysAsync();
        Assert.Equal(["web1 default a pending fp-web1 !"], await LinesAsync());

        await _fleet.Orders.AcceptAsync([await KeyAsync("web1")], "ann", CancellationToken.None);
        await _fleet.ReadKeysAsync();

        Assert.Equal(["web1 default a accepted fp-anew"], await LinesAsync());
    }

    [Fact]
    public async Task A_domain_that_was_just_read_is_not_read_again_unless_the_bell_rang()
    {
        await _fleet.ReadKeysAsync();

        Assert.Empty(await _fleet.Keys.RunOnceAsync(all: false, CancellationToken.None));
        _fleet.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(2, (await _fleet.Keys.RunOnceAsync(all: false, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Nodes_that_read_at_the_same_time_agree()
    {
        foreach (var i in Enumerable.Range(0, 500))
        {
            (i % 2 == 0 ? _a : _b).Has("accepted", $"m{i:000}");
        }

        await _fleet.Masters.RegisterAsync(CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => _fleet.Keys.RunOnceAsync(all: true, CancellationToken.None)));

        var accepted = "select count(*) from minion where key_status = 'accepted'";
        Assert.Equal(500L, await _database.ScalarAsync<long>(accepted));
    }

    [Fact]
    public async Task Accepting_rejecting_and_deleting_changes_the_master_and_the_row_and_names_what_failed()
    {
        _a.Has("pending", "new1").Has("pending", "new2").Has("pending", "gone1");
        await _fleet.ReadKeysAsync();
        var (new1, new2, gone1) = (await KeyAsync("new1"), await KeyAsync("new2"), await KeyAsync("gone1"));
        _a.HasNot("gone1");

        var accepted = await _fleet.Orders.AcceptAsync(
            [new1, gone1, new MinionKey(999)], "ann", CancellationToken.None);
        await _fleet.Orders.RejectAsync([new2], "ann", CancellationToken.None);

        Assert.Equal(
            [
                new KeyOrderEnd(new1, "new1", null),
                new KeyOrderEnd(gone1, "gone1", "Master a: no key of gone1"),
                new KeyOrderEnd(new MinionKey(999), null, "There is no minion 999."),
            ],
            accepted);
        Assert.Equal(
            [
                "gone1 default a pending fp-gone1", "new1 default a accepted fp-new1",
                "new2 default a rejected fp-new2",
            ],
            await LinesAsync());

        var orders = _a.Orders;
        await _fleet.Orders.DeleteAsync([new1], "ann", CancellationToken.None);
        Assert.Equal("new1 default a deleted", (await LinesAsync())[1]);
        Assert.Equal(
            "No master has a key of this minion.",
            (await _fleet.Orders.AcceptAsync([new1], "ann", CancellationToken.None))[0].Problem);
        await _fleet.Orders.RejectAsync([new2], "ann", CancellationToken.None);
        Assert.Equal(orders + 1, _a.Orders);
    }

    [Fact]
    public async Task A_master_that_suddenly_lists_nobody_is_believed_only_when_it_still_does_so_later()
    {
        Accept(_a, 11);
        _b.Has("accepted", "web1");
        await _fleet.ReadKeysAsync();
        Drop(_a, 11);
        _b.HasNot("web1");

        var read = await _fleet.ReadKeysAsync();
        Assert.Equal(["a"], read[0].Doubted);
        Assert.Equal((1, 11L), (read[0].Gone, await AcceptedAsync()));
        var master = (await _fleet.Masters.ListAsync(CancellationToken.None))[0];
        Assert.Equal(MasterHealth.Up, master.Health);
        Assert.Equal(
            "it lists 0 of its 11 minions; the others count as gone only if a reading after 2026-11-22 06:30 UTC "
            + "says the same", master.HealthReason);

        _fleet.Clock.Advance(TimeSpan.FromMinutes(29));
        await _fleet.ReadKeysAsync();
        Assert.Equal(11, await AcceptedAsync());
        _fleet.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(11, (await _fleet.ReadKeysAsync())[0].Gone);
        Assert.Equal(0, await AcceptedAsync());
        Assert.Null((await _fleet.Masters.ListAsync(CancellationToken.None))[0].HealthReason);
    }

    [Fact]
    public async Task A_reading_that_has_the_minions_again_ends_the_doubt()
    {
        Accept(_a, 20);
        await _fleet.ReadKeysAsync();
        Drop(_a, 20);
        await _fleet.ReadKeysAsync();
        Accept(_a, 20);
        await _fleet.ReadKeysAsync();
        Assert.Null((await _fleet.Masters.ListAsync(CancellationToken.None))[0].HealthReason);

        _fleet.Clock.Advance(TimeSpan.FromHours(2));
        Drop(_a, 20);
        await _fleet.ReadKeysAsync();

        Assert.Equal(20, await AcceptedAsync());
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(20, 10)]
    public async Task Few_minions_or_no_more_than_half_of_them_go_at_once(int minions, int gone)
    {
        Accept(_a, minions);
        await _fleet.ReadKeysAsync();
        Drop(_a, gone);

        Assert.Equal(gone, (await _fleet.ReadKeysAsync())[0].Gone);
    }

    [Fact]
    public async Task Minions_that_moved_to_another_master_are_no_loss()
    {
        Accept(_a, 20);
        await _fleet.ReadKeysAsync();
        Drop(_a, 20);
        Accept(_b, 20);

        Assert.Empty((await _fleet.ReadKeysAsync())[0].Doubted);
        Assert.Equal(20, await AcceptedAsync());
    }

    private static void Accept(MasterWithKeys master, int minions)
    {
        for (var i = 1; i <= minions; i++)
        {
            master.Has("accepted", $"m{i}");
        }
    }

    private static void Drop(MasterWithKeys master, int minions)
    {
        for (var i = 1; i <= minions; i++)
        {
            master.HasNot($"m{i}");
        }
    }

    private Task<long> AcceptedAsync() =>
        _database.ScalarAsync<long>("select count(*) from minion where key_status = 'accepted'");

    private Task<IReadOnlyList<string>> LinesAsync() => FleetUnderTest.LinesAsync(_database);

    private async Task<MinionKey> KeyAsync(string id) =>
        (await _fleet.Lists.FindAsync(id, "default", CancellationToken.None)).Single();
}
