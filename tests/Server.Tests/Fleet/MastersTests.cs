using Npgsql;
using Saltern.Rig;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Fleet;

public sealed class MastersTests(PostgresServer server) : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private FleetUnderTest _fleet = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server);
        _fleet = new FleetUnderTest(_database, (new MasterWithKeys("a"), "default"), (new MasterWithKeys("b"), "dmz"));
        await _fleet.Masters.RegisterAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Registering_gives_each_master_a_row_keeps_its_state_and_follows_its_key_domain()
    {
        await _fleet.Masters.PauseAsync("a", "ann", "moving house", CancellationToken.None);
        var later = new FleetUnderTest(_database, (new MasterWithKeys("a"), "moved"), (new MasterWithKeys("c"), "dmz"));

        await later.Masters.RegisterAsync(CancellationToken.None);

        var masters = await later.Masters.ListAsync(CancellationToken.None);
        Assert.Equal(
            [("a", "moved", true), ("b", "dmz", false), ("c", "dmz", true)],
            masters.Select(master => (master.Name, master.KeyDomain, master.Configured)));
        Assert.Equal(new Pause(FleetUnderTest.Start, "ann", "moving house"), masters[0].Paused);
    }

    [Fact]
    public async Task A_pause_keeps_who_when_and_why_until_it_is_resumed()
    {
        await _fleet.Masters.PauseAllAsync("ann", "storage is full", CancellationToken.None);
        _fleet.Clock.Advance(TimeSpan.FromHours(1));
        await _fleet.Masters.PauseAllAsync("bob", "me too", CancellationToken.None);

        Assert.Equal(
            new Pause(FleetUnderTest.Start, "ann", "storage is full"),
            await _fleet.Masters.PausedAsync(CancellationToken.None));

        await _fleet.Masters.ResumeAllAsync("bob", CancellationToken.None);
        Assert.Null(await _fleet.Masters.PausedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Resuming_tells_every_node_that_something_may_be_due()
    {
        await _fleet.Masters.PauseAsync("a", "ann", null, CancellationToken.None);
        await using var listener = await _database.DataSource.OpenConnectionAsync();
        await using (var listen = new NpgsqlCommand("listen saltern_due", listener))
        {
            await listen.ExecuteNonQueryAsync();
        }

        Assert.True(await _fleet.Masters.ResumeAsync("a", "ann", CancellationToken.None));

        Assert.True(await listener.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(await _fleet.Masters.ResumeAsync("nowhere", "ann", CancellationToken.None));
        Assert.False(await _fleet.Masters.PauseAsync("nowhere", "ann", null, CancellationToken.None));
    }

    [Fact]
    public async Task A_master_that_fails_again_and_again_is_left_alone_for_longer_and_longer_up_to_a_minute()
    {
        var pauses = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            await DownAsync("no route");
            var until = (await AAsync()).UnavailableUntil!.Value;
            pauses.Add((until - _fleet.Clock.GetUtcNow()).TotalSeconds);
            _fleet.Clock.Set(until);
        }

        Assert.All(
            pauses.Zip([1, 2, 4, 8, 16, 32, 60, 60, 60]),
            pause => Assert.InRange(pause.First, pause.Second * 0.8 - 0.001, pause.Second));
        Assert.NotEqual(pauses[^1], pauses[^2]);
    }

    [Fact]
    public async Task That_it_answers_ends_the_pause_and_only_a_job_that_it_took_makes_the_next_one_short_again()
    {
        for (var i = 0; i < 4; i++)
        {
            await DownAsync("500");
            _fleet.Clock.Set((await AAsync()).UnavailableUntil!.Value);
        }

        await _fleet.Masters.ReportReachableAsync("a", CancellationToken.None);
        var answering = await AAsync();
        Assert.Equal((MasterHealth.Up, 4, null), (answering.Health, answering.Failures, answering.UnavailableUntil));
        await DownAsync("500");
        Assert.InRange(await PauseOfAAsync(), 0.8 * 16 - 0.001, 16);

        await _fleet.Masters.ReportUpAsync("a", CancellationToken.None);
        await DownAsync("500");
        Assert.InRange(await PauseOfAAsync(), 0.8 - 0.001, 1);
    }

    [Fact]
    public async Task A_master_that_has_answered_for_a_minute_with_nothing_amiss_is_well_without_a_job()
    {
        await DownAsync("refused");
        await _fleet.Masters.ReportReachableAsync("a", CancellationToken.None);
        await _fleet.Masters.ReportReachableAsync("a", CancellationToken.None);
        Assert.Equal(1, (await AAsync()).Failures);

        _fleet.Clock.Advance(TimeSpan.FromSeconds(61));
        await _fleet.Masters.ReportReachableAsync("a", CancellationToken.None);
        Assert.Equal(0, (await AAsync()).Failures);
    }

    [Fact]
    public async Task Times_written_by_a_clock_that_was_ahead_hold_up_no_master_when_it_is_set_back()
    {
        await _fleet.ReadKeysAsync();
        await DownAsync("refused");
        await _database.ExecuteAsync("""
            update master
            set unavailable_until = '2026-11-23Z', probe_until = '2026-11-23Z', keys_read_at = '2026-11-23Z'
            """);

        var read = await _fleet.Keys.RunOnceAsync(all: false, CancellationToken.None);

        Assert.Equal(2, read.Count);
        Assert.All(
            await _fleet.Masters.ListAsync(CancellationToken.None),
            master => Assert.Equal(FleetUnderTest.Start, master.KeysReadAt));
        Assert.Null((await AAsync()).UnavailableUntil);
        Assert.Equal(0L, await _database.ScalarAsync<long>("select count(probe_until) from master"));
    }

    [Fact]
    public async Task Of_many_nodes_one_looks_whether_a_master_is_back()
    {
        Assert.True(await ClaimAsync());
        await DownAsync("refused");
        Assert.False(await ClaimAsync());
        _fleet.Clock.Set((await AAsync()).UnavailableUntil!.Value);

        Assert.Single(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimAsync())), claimed => claimed);
        _fleet.Clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Single(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimAsync())), claimed => claimed);
        await _fleet.Masters.ReportReachableAsync("a", CancellationToken.None);
        Assert.False(await ClaimAsync());
    }

    [Fact]
    public async Task Nodes_that_leave_a_master_alone_are_told_that_it_is_back()
    {
        await DownAsync("refused");
        await using var listener = await _database.DataSource.OpenConnectionAsync();
        await using (var listen = new NpgsqlCommand("listen saltern_due", listener))
        {
            await listen.ExecuteNonQueryAsync();
        }

        await _fleet.Masters.ReportReachableAsync("a", CancellationToken.None);

        Assert.True(await listener.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Calls_that_fail_together_count_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => DownAsync("refused")));

        var master = await AAsync();
        Assert.Equal(1, master.Failures);
        Assert.InRange(await PauseOfAAsync(), 0.8 - 0.001, 1);
    }

    [Fact]
    public async Task A_master_that_answers_is_up_and_may_be_used_at_once()
    {
        await DownAsync("refused");
        await _fleet.Masters.ReportDownAsync("a", NotSentCause.NotAllowed, "wrong password", CancellationToken.None);
        var down = await AAsync();
        Assert.Equal((MasterHealth.NotAllowed, "wrong password"), (down.Health, down.HealthReason));

        await _fleet.Masters.ReportUpAsync("a", CancellationToken.None);

        var up = await AAsync();
        Assert.Equal((MasterHealth.Up, null, 0), (up.Health, up.HealthReason, up.Failures));
        Assert.Null(up.UnavailableUntil);
    }

    [Fact]
    public async Task Saying_again_that_a_master_is_up_writes_once_a_minute()
    {
        var written = new List<string?>();
        foreach (var seconds in new[] { 0, 1, 30, 40 })
        {
            _fleet.Clock.Advance(TimeSpan.FromSeconds(seconds));
            await _fleet.Masters.ReportUpAsync("a", CancellationToken.None);
            written.Add(await _database.ScalarAsync<string>("select xmin::text from master where name = 'a'"));
        }

        Assert.Equal(written[0], written[2]);
        Assert.NotEqual(written[0], written[3]);
    }

    private Task<bool> ClaimAsync() =>
        _fleet.Masters.ClaimProbeAsync("a", TimeSpan.FromSeconds(15), CancellationToken.None);

    private async Task<double> PauseOfAAsync() =>
        ((await AAsync()).UnavailableUntil!.Value - _fleet.Clock.GetUtcNow()).TotalSeconds;

    private Task DownAsync(string reason) =>
        _fleet.Masters.ReportDownAsync("a", NotSentCause.Unreachable, reason, CancellationToken.None);

    private async Task<MasterStatus> AAsync() => (await _fleet.Masters.ListAsync(CancellationToken.None))[0];
}
