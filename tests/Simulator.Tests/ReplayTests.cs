using Saltern.Simulator.Faults;
using Xunit;

namespace Saltern.Simulator.Tests;

public sealed class ReplayTests(PrivatePostgres postgres)
{
    [Fact]
    public Task Logins() => new Recording("01-login.json", postgres).PlayAsync(9);

    [Fact]
    public Task A_list_target_with_metadata_and_its_rows() => new Recording("02-local-async.json", postgres)
        {
            Options = Scene.Lab with { Writers = 1 }, // the last return is then that of m3, as it happened to be
        }
        .PassOver("jids before the returns") // over before a test can look; PublishingTests sees to it
        .PlayAsync(6);

    [Fact]
    public Task Run_token_several_chunks_and_the_synchronous_client() =>
        new Recording("03-run-endpoint.json", postgres).PlayAsync(9);

    [Fact]
    public Task A_jid_of_the_callers_own_published_twice() => new Recording("04-own-jid.json", postgres).PlayAsync(7);

    [Fact]
    public Task Forms_of_jids() => new Recording("05-jid-formats.json", postgres).PlayAsync(18);

    [Fact]
    public async Task A_minion_that_is_down()
    {
        Recording play = new("06-minion-down.json", postgres);
        await play
            .Before("m3 is down; its key is accepted", () => play.Master.TakeDown("m3"))
            .Before("event rows when m3 is back", () => play.Master.BringUp("m3"))
            .Before(
                "same jid again after m2 was restarted: the list of jids that a minion has seen lives in its memory",
                async () =>
                {
                    play.Master.Restart("m2");
                    await play.WaitAsync(5);
                })
            .PassOver(
                // True of the lab only: the simulator's minions have addresses of their own.
                "names m3 though it is down: presence goes by the addresses of the connections, and here all minions "
                + "share 127.0.0.1. Says nothing about minions with addresses of their own")
            .PlayAsync(16);
    }

    [Fact]
    public async Task Running_jobs_and_ending_them()
    {
        Recording play = new("07-running-jobs.json", postgres) { Clock = new HastyClock(10) };
        await play.PlayAsync(23);
    }

    [Fact]
    public async Task Results_and_failures()
    {
        Recording play = new("08-result-shapes.json", postgres);
        await play.PlayAsync(45);
    }

    [Fact]
    public Task Bad_requests() =>
        new Recording("10-http-errors.json", postgres) { Options = Scene.Lab with { Minions = 4 } }
        .PlayAsync(34);

    [Fact]
    public async Task A_master_and_a_salt_api_that_are_down()
    {
        Recording play = new("11-master-down.json", postgres);
        await play
            .Before("master process stopped, salt-api up", () => play.Master.Faults.Set(FaultNames.MasterDown))
            .PassOver("login while the master is down") // never answers, tested by itself
            .Before("master back, the old session", () => play.Master.Faults.Clear(FaultNames.MasterDown))
            .Before("salt-api stopped", async () =>
            {
                play.Master.Faults.Set(FaultNames.RefuseConnection);
                await play.Master.SwitchedAsync();
            })
            .Before("salt-api restarted, the old session (sessions live in its memory)", async () =>
            {
                play.Master.Faults.Clear(FaultNames.RefuseConnection);
                await play.Master.SwitchedAsync();
            })
            .PassOver(
                "start events: each minion sent one when the master was back, without having been restarted itself")
            .PlayAsync(6);
    }

    [Fact]
    public async Task A_database_that_is_down()
    {
        // Between two steps here something must happen in time, on a busy machine too.
        Recording play = new("12-postgres-down.json", postgres) { Clock = new(3) };
        await play
            .Before("m1 and m2 run with cache_jobs: True, m3 with the default cache_jobs: False", () =>
                play.Master.SetCacheJobs("m3", keeps: false))
            .After("published while the database is up, returns while it is down", async () =>
            {
                await play.WaitAsync(1);
                await play.ExecuteAsync("alter schema salt rename to salt_away");
                await play.WaitAsync(8);
            })
            .Before(
                "PostgreSQL is back: salt_returns", () => play.ExecuteAsync("alter schema salt_away rename to salt"))
            .PlayAsync(18);
    }

    [Fact]
    public async Task A_master_that_is_down_when_minions_want_to_return()
    {
        Recording play = new("16-master-down-at-return.json", postgres) { Options = Scene.Lab with { Minions = 4 } };
        Func<Task> DownFor(double seconds) => async () =>
        {
            await play.WaitAsync(2);
            play.Master.Faults.Set(FaultNames.MasterDown);
            await play.WaitAsync(seconds);
            play.Master.Faults.Clear(FaultNames.MasterDown);
            await play.WaitAsync(4);
        };
        await play
            .After(
                "the master goes down 2 s after this and stays down for 15 s; the job ends 8 s after it began",
                DownFor(15))
            .Before(
                "events after the master came back",
                () => play.ExecuteAsync("delete from salt_events where tag not like '%start'"))
            .After("events after the master came back", () => play.ExecuteAsync("delete from salt_events"))
            .After(
                "the master goes down 2 s after this and stays down for 150 s; the job ends 8 s after it began",
                DownFor(150))
            .PlayAsync(9);
    }

    [Fact]
    public async Task How_long_a_minion_remembers_a_jid()
    {
        Recording play = new("19-jid-queue.json", postgres);
        await play
            .Before("again after 99 other jids on this minion", () => OtherJobsAsync(play, 99))
            .Before("again after 3 more (minion_jid_queue_hwm is 100)", () => OtherJobsAsync(play, 3))
            .PlayAsync(6);
    }

    [Fact]
    public async Task A_minion_that_restarts_in_a_job()
    {
        Recording play = new("19b-minion-restart-in-job.json", postgres);
        await play
            .Before("find_job after the restart", async () =>
            {
                play.Master.Restart("m1");
                await play.WaitAsync(4);
            })
            .PlayAsync(6);
    }

    [Fact]
    public async Task A_token_that_has_expired()
    {
        Recording play = new("22-token-expiry.json", postgres)
        {
            Clock = new HastyClock(1),
            Options = Scene.Lab with { TokenExpire = TimeSpan.FromSeconds(6) },
        };
        await play.Before("8 s later", () => play.Clock.Skip(TimeSpan.FromSeconds(8))).PlayAsync(7);
    }

    private static async Task OtherJobsAsync(Recording play, int count)
    {
        using ApiClient client = new(play.Master.Api);
        await client.LoginAsync();
        for (int job = 0; job < count; job++)
        {
            await client.PublishAsync(["m3"], "test.ping");
        }
    }
}
