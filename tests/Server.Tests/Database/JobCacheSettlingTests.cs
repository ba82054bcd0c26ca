using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.Results;

namespace Saltern.Server.Tests.Database;

/// <summary>What the trigger or the bell misses settles all the same.</summary>
public sealed class JobCacheSettlingTests(PostgresServer server, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly AsyncLocal<bool> CountedHere = new();

    private TestDatabase _database = null!;

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task With_the_trigger_dropped_a_thousand_returns_settle_by_the_sweep_and_are_counted()
    {
        using var missed = new MeterListener();
        var counted = ListenTo(missed, "saltern_returns_missed");
        await using var rig = await CoreRig.StartAsync(_database);
        await rig.AddMinionsAsync(1_000);
        var action = await rig.ScheduleAsync();
        await rig.DispatchAsync();
        await _database.ExecuteAsync("drop trigger take_return on salt.salt_returns");
        await _database.ExecuteAsync("""
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
            select 'test.ping', $1, 'true', 'm' || n, case when n <= 10 then 'false' else 'true' end, '{}', $2
            from generate_series(1, 1000) n
            """, rig.Salt[0].Submissions.Single().Jid, rig.Clock.GetUtcNow());
        Assert.Equal(0, await rig.SettleAsync());

        rig.Clock.Advance(TimeSpan.FromSeconds(10));
        var found = await rig.Get<MissedReturns>().RunOnceAsync(CancellationToken.None);
        var settled = await rig.SettleAsync();

        Assert.Equal((1_000, 1_000), (found, settled));
        Assert.Equal(1_000, counted());
        var (_, counts) = await rig.ReadAsync(action);
        Assert.Equal((990, 10), (counts.Completed, counts.Failed));
        Assert.Equal(0, await rig.Get<MissedReturns>().RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_writer_that_lost_the_race_for_the_bell_and_commits_late_is_settled_without_another_bell()
    {
        await using var rig = await CoreRig.StartAsync(
            _database, change: services => services.AddSingleton(TimeProvider.System));
        await using var master = await PgJsonb.LogInAsync(_database);
        await rig.AddMinionsAsync(2);
        await rig.ScheduleAsync();
        await rig.DispatchAsync();
        var jid = rig.Salt[0].Submissions.Single().Jid;
        IHostedService[] loops =
            [.. rig.Get<IEnumerable<IHostedService>>().Where(loop => loop is ReturnListener or NotificationListener)];
        foreach (var loop in loops)
        {
            await loop.StartAsync(CancellationToken.None);
        }

        await using var first = await master.ConnectAsync();
        await using var firstTransaction = await first.BeginTransactionAsync();
        await InsertAsync(first, new PgReturn(jid, "m1"));
        await using var late = await master.ConnectAsync();
        await using var lateTransaction = await late.BeginTransactionAsync();
        await InsertAsync(late, new PgReturn(jid, "m2"));
        await firstTransaction.CommitAsync();
        await WaitUntilCompletedAsync(1);
        // Longer than the listener lingers: what it does while it lingers is not what this is about.
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        await lateTransaction.CommitAsync();
        var took = await WaitUntilCompletedAsync(2);

        output.WriteLine($"The late writer's return was settled {took.TotalMilliseconds:F0} ms after its commit.");
        foreach (var loop in loops)
        {
            await loop.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Fails after ten seconds, far above the promise: the time is printed, the outcome decides.</summary>
    private async Task<TimeSpan> WaitUntilCompletedAsync(long targets)
    {
        var watch = Stopwatch.StartNew();
        while (await _database.ScalarAsync<long>(
            "select count(*) from action_target where status = 'Completed'") < targets)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{targets} targets were not completed in 10 s");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        return watch.Elapsed;
    }

    private static async Task InsertAsync(NpgsqlConnection connection, PgReturn returned)
    {
        await using var command = new NpgsqlCommand(returned.InsertSql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Counts what this test records: a counter calls back on the flow that adds to it.</summary>
    private static Func<long> ListenTo(MeterListener listener, string name)
    {
        long sum = 0;
        CountedHere.Value = true;
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == name)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) =>
            Interlocked.Add(ref sum, CountedHere.Value ? value : 0));
        listener.Start();
        return () => Interlocked.Read(ref sum);
    }
}
