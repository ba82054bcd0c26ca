using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Saltern.Server.Tests.Returner;

/// <summary>The database is stopped, hangs, locks or forgets its sessions: every return arrives, each once.</summary>
public sealed class ReturnerOutageTests : IAsyncLifetime
{
    private const string Jid = "20260302080000000001_s1";
    private const string Returns = "salt.salt_returns";
    private const string EachOnce = "(select distinct jid, id from salt.salt_returns) each";

    private OutageGround ground = null!;

    public async ValueTask InitializeAsync() => ground = await OutageGround.StartAsync();

    public ValueTask DisposeAsync() => ground.DisposeAsync();

    [Theory]
    [InlineData("psycopg2")]
    [InlineData("psycopg")]
    public async Task Of_a_thousand_returns_none_is_lost_and_none_is_twice_when_PostgreSQL_is_stopped_meanwhile(
        string driver)
    {
        await using var first = ground.StartMaster();
        await using var second = ground.StartMaster();
        var half = new TaskCompletionSource();
        var masters = new[] { first, second }.Select((master, number) => Task.Run(async () =>
        {
            if (driver == "psycopg")
            {
                await master.EvaluateAsync("setattr(saltern.database, 'psycopg2', None)");
            }

            for (var part = 0; part < 10; part++)
            {
                await master.EvaluateAsync(
                    $"[store(lambda: returned('{Jid}', 'm{number}-{part}-%d' % n)) for n in range(50)] and None");
                if (part == 3)
                {
                    half.TrySetResult();
                }
            }
        })).ToArray();

        await half.Task;
        await ground.StopPostgresAsync();
        await Task.WhenAll(masters);
        Assert.Equal(1, (await ground.SpoolCommandAsync("status")).Code);
        await ground.StartPostgresAsync();

        Assert.True(await first.UntilSpoolIsEmptyAsync());
        Assert.Equal(1_000, await ground.CountAsync(Returns));
        Assert.Equal(1_000, await ground.CountAsync(EachOnce));
        Assert.Equal(1_000, await ground.CountAsync("saltern.inbox"));
        Assert.Equal(0, (await ground.SpoolCommandAsync("status")).Code);
    }

    [Fact]
    public async Task What_waits_is_stored_in_order_and_nothing_overtakes_it()
    {
        await using var master = ground.StartMaster();
        await ground.StopPostgresAsync();
        await master.EvaluateAsync($"saltern.save_load('{Jid}', publication('{Jid}'), ['m1'])");
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm1', 'before'))");
        await master.EvaluateAsync("saltern.event_return([{'tag': 'salt/minion/m1/start', 'data': {'id': 'm1'}}])");
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm2', 'after'))");
        await ground.StartPostgresAsync();
        Assert.True(await master.UntilSpoolIsEmptyAsync());

        Assert.Equal("before,after", await ground.ScalarAsync<string>(
            $"select string_agg(return #>> '{{}}', ',' order by ctid) from {Returns}"));
        Assert.Equal("publish", await ground.ScalarAsync<string>("select load->>'cmd' from salt.jids"));
        Assert.True(await ground.ScalarAsync<bool>($"""
            select (select alter_time from {Returns} where id = 'm1') < e.alter_time
               and e.alter_time < (select alter_time from {Returns} where id = 'm2') from salt.salt_events e
            """));
    }

    [Fact]
    public async Task A_server_that_takes_connections_and_never_answers_costs_one_time_out()
    {
        using var hole = new TcpListener(IPAddress.Loopback, 0);
        hole.Start();
        await using var master = ground.StartMaster(
            ("returner.saltern.port", ((IPEndPoint)hole.LocalEndpoint).Port), ("returner.saltern.timeout", 0.5));
        await using var other = ground.StartMaster(
            ("returner.saltern.port", ((IPEndPoint)hole.LocalEndpoint).Port), ("returner.saltern.timeout", 0.5));

        Assert.InRange(await master.MillisecondsOfAsync($"store(lambda: returned('{Jid}', 'm0'))"), 450, 2_000);
        Assert.InRange(await master.MillisecondsOfAsync($"store(lambda: returned('{Jid}', 'm1'), 20)"), 0, 450);
        Assert.InRange(await other.MillisecondsOfAsync($"store(lambda: returned('{Jid}', 'm2'), 20)"), 0, 450);

        Assert.Equal(41, (await ground.SpoolAsync()).GetProperty("records").GetInt32());
        await master.EndAsync();
        await other.EndAsync();
        Assert.Equal(0, (await ground.SpoolCommandAsync("replay", "--wait", "30")).Code);
        Assert.Equal(41, await ground.CountAsync(Returns));
    }

    [Fact]
    public async Task A_session_that_is_stopped_in_its_statement_and_goes_on_later_stores_nothing_twice()
    {
        await using var master = ground.StartMaster(("returner.saltern.timeout", 0.5));
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm0'))");
        var session = (await master.EvaluateAsync("keeper()._session.identity.split()[0]")).GetString()!;

        await SignalAsync("STOP", session);
        Assert.InRange(await master.MillisecondsOfAsync($"store(lambda: returned('{Jid}', 'm1'))"), 450, 2_000);
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm2'))");
        await SignalAsync("CONT", session);

        Assert.True(await master.UntilSpoolIsEmptyAsync());
        Assert.Equal(3, await ground.CountAsync(Returns));
        Assert.Equal(3, await ground.CountAsync(EachOnce));
    }

    [Fact]
    public async Task A_table_that_is_locked_delays_a_return_and_no_worker_for_longer_than_the_time_out()
    {
        await using var master = ground.StartMaster(("returner.saltern.timeout", 1));
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm0'))");
        await using (var locker = await ground.OpenAsync())
        {
            await using var transaction = await locker.BeginTransactionAsync();
            await using var command = new NpgsqlCommand($"lock table {Returns} in access exclusive mode", locker);
            await command.ExecuteNonQueryAsync();
            Assert.InRange(await master.MillisecondsOfAsync($"store(lambda: returned('{Jid}', 'm1'))"), 0, 1_500);
            Assert.InRange(await master.MillisecondsOfAsync($"store(lambda: returned('{Jid}', 'm2'))"), 0, 400);
        }

        Assert.True(await master.UntilSpoolIsEmptyAsync());
        Assert.Equal((3L, 3L), (await ground.CountAsync(Returns), await ground.CountAsync(EachOnce)));
    }

    [Fact]
    public async Task A_replay_that_is_killed_again_and_again_stores_each_record_once()
    {
        await ground.StopPostgresAsync();
        await using (var master = ground.StartMaster())
        {
            await master.EvaluateAsync($"[store(lambda: returned('{Jid}', 'm%d' % n)) for n in range(3000)] and None");
            await master.EvaluateAsync("""
                [saltern.event_return([{'tag': 'salt/minion/m%d/start' % n, 'data': {}}]) for n in range(500)] and None
                """);
        }

        await ground.StartPostgresAsync();
        for (var round = 0; round < 4; round++)
        {
            await using var master = ground.StartMaster();
            await master.EvaluateAsync("keeper().replay_soon()");
            await master.EvaluateAsync("time.sleep(0.05 + 0.03 * " + round + ")");
            master.Kill();
        }

        // And one that was stopped between the commit and the note of the position.
        File.Delete(Path.Combine(ground.Spool, "position"));
        Assert.Equal(0, (await ground.SpoolCommandAsync("replay", "--wait", "30")).Code);
        Assert.Equal((3_000L, 3_000L), (await ground.CountAsync(Returns), await ground.CountAsync(EachOnce)));
        Assert.Equal((500L, 500L), (
            await ground.CountAsync("salt.salt_events"), await ground.CountAsync("saltern.start_inbox")));
    }

    [Fact]
    public async Task A_full_spool_loses_what_does_not_fit_loudly_and_keeps_what_it_has()
    {
        await ground.StopPostgresAsync();
        await using var master = ground.StartMaster(("returner.saltern.spool_max_bytes", 100_000));
        await master.EvaluateAsync(
            $"[store(lambda: returned('{Jid}', 'm%d' % n, 'x' * 9000)) for n in range(20)] and None");
        var spool = await ground.SpoolAsync();
        var (kept, lost) = (spool.GetProperty("records").GetInt32(), spool.GetProperty("lost").GetInt32());
        Assert.Equal(20, kept + lost);
        Assert.InRange(kept, 8, 12);

        await ground.StartPostgresAsync();
        Assert.True(await master.UntilSpoolIsEmptyAsync());
        Assert.Equal(kept, await ground.CountAsync(Returns));
        Assert.Equal(3, (await ground.SpoolCommandAsync("status")).Code);
        Assert.Contains($"return of {Jid} from m19", await File.ReadAllTextAsync(Path.Combine(ground.Spool, "lost")));
        var log = await master.EndAsync();
        Assert.Contains($"CRITICAL Lost: the return of {Jid} from m19", log, StringComparison.Ordinal);
        Assert.DoesNotContain("xxxx", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_record_that_PostgreSQL_refuses_stops_no_other_of_the_spool()
    {
        await ground.StopPostgresAsync();
        await using var master = ground.StartMaster();
        var random = new Random(1);
        var jid = string.Concat(Enumerable.Range(0, 50_000).Select(_ => (char)random.Next('a', 'z')));
        foreach (var one in new[] { Jid, jid, Jid + "2" })
        {
            await master.EvaluateAsync($"store(lambda: returned('{one}', 'm1'))");
        }

        await ground.StartPostgresAsync();
        Assert.True(await master.UntilSpoolIsEmptyAsync());
        Assert.Equal(2, await ground.CountAsync(Returns));
        Assert.Equal(1, (await ground.SpoolAsync()).GetProperty("refused").GetInt32());
    }

    [Fact]
    public async Task The_command_says_what_waits_and_stores_it_without_a_return()
    {
        Assert.Equal(0, (await ground.SpoolCommandAsync("status")).Code);
        Assert.Equal(2, (await ground.SpoolCommandAsync("status", "--returners", "/nowhere")).Code);
        await ground.StopPostgresAsync();
        await using (var master = ground.StartMaster())
        {
            await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm%d' % time.time_ns()), 3)");
        }

        var (code, output, _) = await ground.SpoolCommandAsync("status");
        Assert.Equal(1, code);
        Assert.Contains("3 records wait", output, StringComparison.Ordinal);
        Assert.Contains("the oldest is of 20", output, StringComparison.Ordinal);
        var away = await ground.SpoolCommandAsync("replay");
        Assert.Equal(1, away.Code);
        Assert.Contains("The database is away", away.Error, StringComparison.Ordinal);

        await ground.StartPostgresAsync();
        var replayed = await ground.SpoolCommandAsync("replay", "--wait", "20");
        Assert.Equal(0, replayed.Code);
        Assert.Contains("3 records stored", replayed.Output, StringComparison.Ordinal);
        Assert.Equal(3, await ground.CountAsync(Returns));
    }

    private static async Task SignalAsync(string signal, string process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }
}
