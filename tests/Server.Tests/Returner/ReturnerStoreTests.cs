using System.Text.Json;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Tests.Database;

namespace Saltern.Server.Tests.Returner;

/// <summary>What the returner writes while the database is there, through either driver.</summary>
public sealed class ReturnerStoreTests(PostgresServer server) : IAsyncLifetime
{
    private const string Jid = "20260302080000000001_s1";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("saltern-spool-");
    private TestDatabase database = null!;
    private ReturnerProcess master = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(server);
        master = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await master.DisposeAsync();
        await database.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("psycopg2")]
    [InlineData("psycopg")]
    public async Task A_return_of_any_content_arrives(string driver)
    {
        await UseAsync(driver);
        (string Python, string Json)[] odd =
        [
            (@"'a\0b'", @"""a\u0000b"""), (@"'\ud800'", @"""\ud800"""), (@"b'\xff'", @"""\\xff"""),
            ("float('nan')", @"""NaN"""), ("[-float('inf')]", @"[""-Infinity""]"),
            ("{1: 'a', None: 'b'}", """{"1": "a", "null": "b"}"""), ("{(1, 2): 3}", """{"(1, 2)": 3}"""),
            ("datetime.datetime(2026, 1, 2)", @"""2026-01-02T00:00:00"""), ("{2, 1}", "[1, 2]"),
            ("10 ** 40", "1" + new string('0', 40)), ("decimal.Decimal('1.50')", @"""1.50"""), ("None", "null"),
            (@"""it's \\ %s {x} \"" \t""", @"""it's \\ %s {x} \"" \t"""), ("'é'", @"""\u00e9"""),
        ];
        foreach (var (index, (python, _)) in odd.Index())
        {
            await master.EvaluateAsync($"saltern.returner(returned('{Jid}', 'm{index}', {python}))");
        }

        foreach (var (index, (_, json)) in odd.Index())
        {
            Assert.Equal(json, await database.ScalarAsync<string>(
                $"select return::text from salt.salt_returns where id = 'm{index}'"));
        }

        await master.EvaluateAsync($@"saltern.returner(returned('{Jid}', 'o\0\ud800', 1, fun=['a.b', 'c\0']))");
        Assert.Equal("a.b, c\ufffd", await database.ScalarAsync<string>(
            "select fun from salt.salt_returns where id = E'o\ufffd\ufffd'"));
        Assert.Equal(odd.Length + 1, await CountAsync("saltern.inbox"));
    }

    [Theory]
    [InlineData("psycopg2")]
    [InlineData("psycopg")]
    public async Task Only_an_exact_replay_is_dropped(string driver)
    {
        await UseAsync(driver);
        foreach (var (minion, stamp) in new[] { ("m1", "s1"), ("m1", "s1"), ("m1", "s2"), ("m2", "s1"), ("m1", "s") })
        {
            await master.EvaluateAsync($"saltern.returner(returned('{Jid}', '{minion}', _stamp='{stamp}'))");
        }

        await master.EvaluateAsync($"saltern.returner(returned('{Jid}', 'm3', _stamp=None))");
        await master.EvaluateAsync($"saltern.returner(returned('{Jid}', 'm3', _stamp=None))");

        Assert.Equal(3, await CountAsync("salt.salt_returns where id = 'm1'"));
        Assert.Equal(1, await CountAsync("salt.salt_returns where id = 'm2'"));
        Assert.Equal(2, await CountAsync("salt.salt_returns where id = 'm3'"));
    }

    [Fact]
    public async Task The_publication_stays_without_secrets_when_returns_come()
    {
        await master.EvaluateAsync($"saltern.save_load('{Jid}', publication('{Jid}'), ['m1'])");
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm1'), 3)");
        await master.EvaluateAsync($"saltern.save_load('{Jid}', publication('{Jid}', tgt='others'), ['m2'])");

        var load = await database.ScalarAsync<string>($"select load::text from salt.jids where jid = '{Jid}'");
        Assert.Contains("""
            "arg": ["a", {"k": "v", "__kwarg__": true}], "tgt": ["m1"]
            """, load, StringComparison.Ordinal);
        Assert.Contains("""
            "metadata": {"action_id": 345}
            """, load, StringComparison.Ordinal);
        Assert.DoesNotContain("the master's key", load, StringComparison.Ordinal);
        Assert.DoesNotContain("the token of eauth", load, StringComparison.Ordinal);
        Assert.Equal(3, await CountAsync("salt.salt_returns"));
    }

    [Fact]
    public async Task A_job_that_nobody_published_gets_its_row_from_a_return_until_the_publication_comes()
    {
        await master.EvaluateAsync(
            $"store(lambda: returned('{Jid}', 'm1', 'secret result', fun_args=[dict(password='hidden')]))");
        var first = await database.ScalarAsync<string>("select load::text from salt.jids");
        Assert.Contains("\"fun\": \"test.ping\"", first, StringComparison.Ordinal);
        Assert.DoesNotContain("secret result", first, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", first, StringComparison.Ordinal);

        await master.EvaluateAsync($"saltern.save_load('{Jid}', publication('{Jid}'))");
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm1'))");

        Assert.Equal("publish", await database.ScalarAsync<string>("select load->>'cmd' from salt.jids"));
    }

    [Fact]
    public async Task Events_are_stored_one_bad_one_costs_no_other_and_announcements_show_no_secret()
    {
        await master.EvaluateAsync("""
            saltern.event_return([
                {'tag': 'salt/minion/web1/start', 'data': {'id': 'web1', 'odd': float('nan')}},
                {'tag': 'salt/minion/web\0/start', 'data': b'\xff'},
                {'tag': 'salt/job/1/new', 'data': {'arg': [{'password': 'hidden'}], 'minions': ['web1']}}])
            """);

        Assert.Equal(3, await CountAsync("salt.salt_events where master_id = 'master1'"));
        Assert.Equal(2, await CountAsync("saltern.start_inbox"));
        Assert.Equal(0, await CountAsync("salt.salt_events where data::text like '%hidden%'"));
    }

    [Fact]
    public async Task What_is_too_large_is_cut_and_says_so()
    {
        await using var small = await StartAsync(("returner.saltern.most_return_bytes", 100_000));

        await small.EvaluateAsync($"saltern.returner(returned('{Jid}', 'm1', 'x' * 1000000, retcode=7))");

        var full = await database.ScalarAsync<string>("select full_ret::text from salt.salt_returns");
        using var document = JsonDocument.Parse(full!);
        Assert.InRange(full!.Length, 40_000, 110_000);
        Assert.Equal(7, document.RootElement.GetProperty("retcode").GetInt32());
        Assert.Equal(100_000, document.RootElement.GetProperty("saltern_cut").GetProperty("most").GetInt32());
        Assert.Contains("cut by the Saltern returner", document.RootElement.GetProperty("return").GetString());
    }

    [Fact]
    public async Task What_salt_looks_up_is_found()
    {
        await master.EvaluateAsync($"saltern.save_load('{Jid}', publication('{Jid}'), ['m1', 'm2'])");
        await master.EvaluateAsync("saltern.save_load('20261320080000000002', publication('20261320080000000002'))");
        await master.EvaluateAsync($"saltern.returner(returned('{Jid}', 'm1', 'first', fun='a.b'))");
        await master.EvaluateAsync($@"saltern.returner(returned('{Jid}', 'm1', 'second\0', fun='a.b'))");
        await master.EvaluateAsync($"saltern.returner(returned('{Jid}', 'm2'))");

        Assert.Equal("test.arg", (await master.EvaluateAsync($"saltern.get_load('{Jid}')['fun']")).GetString());
        Assert.Equal("{}", (await master.EvaluateAsync("saltern.get_load('none')")).GetRawText());
        Assert.Equal("second\0", (await master.EvaluateAsync($"saltern.get_jid('{Jid}')['m1']['return']")).GetString());
        Assert.Equal("""["m1"]""", (await master.EvaluateAsync("list(saltern.get_fun('a.b'))")).GetRawText());
        Assert.Equal("""["m1", "m2"]""", (await master.EvaluateAsync("saltern.get_minions()")).GetRawText());
        var jobs = await master.EvaluateAsync("saltern.get_jids()");
        Assert.Equal("2026, Mar 02 08:00:00.000001", jobs.GetProperty(Jid).GetProperty("StartTime").GetString());
        Assert.Equal("", jobs.GetProperty("20261320080000000002").GetProperty("StartTime").GetString());
        Assert.Equal("test.arg", jobs.GetProperty(Jid).GetProperty("Function").GetString());
    }

    [Fact]
    public async Task A_jid_that_is_passed_is_kept_and_new_ones_are_unique_among_processes()
    {
        Assert.Equal("x", (await master.EvaluateAsync("saltern.prep_jid(passed_jid='x')")).GetString());
        Assert.Matches("^20[0-9]{18}$", (await master.EvaluateAsync("saltern.prep_jid(nocache=True)")).GetString());
        await using var other = await StartAsync();
        var both = await Task.WhenAll(new[] { master, other }.Select(
            one => one.EvaluateAsync("[saltern.prep_jid() for _ in range(2000)]")));
        var jids = both.SelectMany(one => one.EnumerateArray()).Select(jid => jid.GetString()).ToList();
        Assert.Equal((4_000, 4_000), (jids.Count, jids.Distinct().Count()));
    }

    [Fact]
    public async Task The_clean_up_removes_nothing_and_says_nothing()
    {
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm1'))");
        Assert.Equal("null", (await master.EvaluateAsync("saltern.clean_old_jobs()")).GetRawText());
        Assert.Equal(1, await CountAsync("salt.salt_returns"));
        Assert.Equal(1, await CountAsync("salt.jids"));
    }

    [Theory]
    [InlineData("psycopg2")]
    [InlineData("psycopg")]
    public async Task Threads_and_children_return_at_once_and_the_parents_connection_outlives_them(string driver)
    {
        await UseAsync(driver);
        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'parent'))");
        var before = (await master.EvaluateAsync("keeper()._session.identity")).GetString();

        await master.EvaluateAsync($"in_threads(8, lambda n: store(lambda: returned('{Jid}', 't%d' % n), 20))");
        for (var child = 0; child < 3; child++)
        {
            var code = await master.EvaluateAsync(
                $"in_child(lambda: in_threads(2, lambda n: store(lambda: returned('{Jid}', 'c{child}%d' % n), 20)))");
            Assert.Equal(0, code.GetInt32());
        }

        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'parent'))");
        Assert.Equal(before, (await master.EvaluateAsync("keeper()._session.identity")).GetString());
        Assert.Equal(2 + (8 * 20) + (3 * 2 * 20), await CountAsync("salt.salt_returns"));
        // A session lives on for a moment when its client has ended.
        const string Sessions = "pg_stat_activity where application_name = 'saltern returner'";
        for (var tries = 0; tries < 500 && await CountAsync(Sessions) > 1; tries++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Assert.Equal(1, await CountAsync(Sessions));
    }

    [Theory]
    [InlineData("psycopg2")]
    [InlineData("psycopg")]
    public async Task A_connection_that_was_ended_costs_nothing(string driver)
    {
        await UseAsync(driver);
        for (var round = 0; round < 3; round++)
        {
            await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm{round}'))");
            await database.KillSessionsAsync();
        }

        await master.EvaluateAsync($"store(lambda: returned('{Jid}', 'm3'))");
        Assert.Equal(4, await CountAsync("salt.salt_returns"));
        Assert.True((await master.EvaluateAsync("keeper().spool.is_empty()")).GetBoolean());
        await database.KillSessionsAsync();
        Assert.Equal(4, (await master.EvaluateAsync("len(saltern.get_minions())")).GetInt32());
    }

    [Fact]
    public async Task What_PostgreSQL_refuses_is_set_aside_and_stops_no_other()
    {
        // No index of PostgreSQL takes a jid as long and as random as this.
        var random = new Random(1);
        var jid = string.Concat(Enumerable.Range(0, 50_000).Select(_ => (char)random.Next('a', 'z')));
        await master.EvaluateAsync($"saltern.returner(returned('{jid}', 'm1'))");
        await master.EvaluateAsync($"saltern.returner(returned('{Jid}', 'm2'))");

        Assert.Equal("m2", await database.ScalarAsync<string>("select id from salt.salt_returns"));
        Assert.Equal(1, (await master.EvaluateAsync("keeper().spool.look()['refused']")).GetInt32());
    }

    private async Task<ReturnerProcess> StartAsync(params (string Name, object Value)[] more)
    {
        await using var login = await PgJsonb.LogInAsync(database);
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Username = "master_" + database.Name,
        };
        return ReturnerProcess.Start(connection, folder.FullName, more);
    }

    private Task UseAsync(string driver) => driver == "psycopg2"
        ? Task.CompletedTask
        : master.EvaluateAsync("setattr(saltern.database, 'psycopg2', None)");

    private Task<long> CountAsync(string what) => database.ScalarAsync<long>($"select count(*) from {what}");
}
