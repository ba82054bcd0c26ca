using System.Text.Json;
using Npgsql;
using Saltern.Cli;
using Saltern.Cli.Demo;
using Saltern.Contract;
using Saltern.Rig;
using Xunit;

namespace Saltern.Server.Tests.Cli;

public sealed class ServerSideCommandsTests(PostgresServer postgres)
{
    [Fact]
    public async Task An_empty_database_is_migrated_once()
    {
        await using var database = await TestDatabase.CreateAsync(postgres, migrated: false);
        var first = await CliRun.OfAsync("migrate", "--database", database.ConnectionString);
        Assert.Equal((ExitCodes.Ok, ""), (first.ExitCode, first.Error));
        Assert.Contains("applied 0001_job_cache", first.Output, StringComparison.Ordinal);
        var second = await CliRun.OfAsync("migrate", "--database", database.ConnectionString);
        Assert.Equal("the schema was up to date", second.Output.Trim());
    }

    [Fact]
    public async Task A_token_is_made_listed_and_revoked_in_the_database()
    {
        await using var database = await TestDatabase.CreateAsync(postgres);
        string[] there = ["--database", database.ConnectionString];
        var made = await CliRun.OfAsync(
            ["token", "create", "--name", "ci", "--permission", "read", "--permission", "schedule", "--expires-days",
                "3", .. there]);
        Assert.Equal(ExitCodes.Ok, made.ExitCode);
        Assert.Matches("^slt_[A-Za-z0-9_-]{43}$", made.Output.Trim());

        var twice = await CliRun.OfAsync(["token", "create", "--name", "ci", "--permission", "read", .. there]);
        Assert.Equal(ExitCodes.Usage, twice.ExitCode);
        var unknown = await CliRun.OfAsync(["token", "create", "--name", "x", "--permission", "fly", .. there]);
        Assert.Contains(PermissionNames.SaltCall, unknown.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Ok, (await CliRun.OfAsync(["token", "revoke", "ci", .. there])).ExitCode);
        Assert.Equal(ExitCodes.NotFound, (await CliRun.OfAsync(["token", "revoke", "ci", .. there])).ExitCode);
        var list =
            JsonDocument.Parse((await CliRun.OfAsync(["token", "list", "-o", "json", .. there])).Output).RootElement;
        Assert.True(Assert.Single(list.EnumerateArray()).TryGetProperty("revokedAt", out _));
    }

    [Fact]
    public async Task A_masters_role_logs_in_with_its_password_finds_the_job_cache_and_nothing_else()
    {
        await using var database = await TestDatabase.CreateAsync(postgres);
        var folder = Directory.CreateTempSubdirectory();
        var file = Path.Combine(folder.FullName, "secret");
        var role = $"salt_{database.Name}";
        for (var i = 0; i < 2; i++)
        {
            var run = await CliRun.OfAsync(
                "returner-role", role, "--password-file", file, "--host", "db.example.net", "--database",
                    database.ConnectionString);
            Assert.Equal((ExitCodes.Ok, ""), (run.ExitCode, run.Error));
            Assert.Contains("returner.saltern.host: db.example.net", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain((await File.ReadAllTextAsync(file)).Trim(), run.Output, StringComparison.Ordinal);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var login = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Username = role, Password = (await File.ReadAllTextAsync(file)).Trim(), Pooling = false,
        };
        await using var connection = new NpgsqlConnection(login.ConnectionString);
        await connection.OpenAsync();
        await using var insert = new NpgsqlCommand(
            """
            insert into salt_returns (fun, jid, return, id, success, full_ret)
            values ('f', 'j', '1', 'm', 'true', '{}')
            """,
            connection);
        Assert.Equal(1, await insert.ExecuteNonQueryAsync());
        await using var peek = new NpgsqlCommand("select * from saltern.api_token", connection);
        await Assert.ThrowsAsync<PostgresException>(() => peek.ExecuteNonQueryAsync());
        await connection.CloseAsync();
        await database.ExecuteAsync($"drop owned by {role}; drop role {role}");
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_verifier_of_a_password_is_the_one_that_PostgreSQL_makes()
    {
        await using var database = await TestDatabase.CreateAsync(postgres);
        await database.ExecuteAsync(
            "set password_encryption = 'scram-sha-256'; create role verified password 'correct horse'");
        var theirs =
            (await database.ScalarAsync<string>("select rolpassword from pg_authid where rolname = 'verified'"))!;
        await database.ExecuteAsync("drop role verified");
        var salt = Convert.FromBase64String(theirs.Split('$')[1].Split(':')[1]);
        Assert.Equal(theirs, Saltern.Server.Database.ScramVerifier.Of("correct horse", salt));
    }

    [Fact]
    public async Task A_database_that_cannot_be_reached_is_said_so()
    {
        var run = await CliRun.OfAsync("migrate", "--database", "Host=127.0.0.1;Port=1;Database=x;Username=y");
        Assert.Equal(ExitCodes.NotReachable, run.ExitCode);
        Assert.NotEmpty(run.Error);
    }

    [Fact]
    public async Task A_server_runs_until_it_is_told_to_end()
    {
        await using var database = await TestDatabase.CreateAsync(postgres);
        await using var output = new StringWriter();
        await using var said = new StringWriter();
        await using var error = TextWriter.Synchronized(said);
        using var end = new CancellationTokenSource();
        var running = CliProgram.RunAsync(
            ["server", "--database", database.ConnectionString, "--listen", "http://127.0.0.1:0", "--paused"],
            new CliOutput(output, error, isTerminal: false), TimeProvider.System, end.Token);
        var address = "";
        for (var i = 0; i < 300 && address.Length == 0 && !running.IsCompleted; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            address = said.ToString().Split(
                ' ', '\n').FirstOrDefault(word => word.StartsWith("http://", StringComparison.Ordinal)) ?? "";
        }

        using var client = new HttpClient();
        Assert.Equal("alive\n", await client.GetStringAsync(new Uri(new Uri(address.Trim()), "/healthz")));
        await end.CancelAsync();
        Assert.Equal(ExitCodes.Ok, await running);
    }

    [Theory]
    [InlineData("foo")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("http://127.0.0.1:8070/path")]
    [InlineData("")]
    public async Task What_is_no_address_to_listen_on_is_refused_with_a_sentence(string address)
    {
        await using var database = await TestDatabase.CreateAsync(postgres);
        var run = await CliRun.OfAsync("server", "--database", database.ConnectionString, "--listen", address);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith("Listen:Urls is ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_is_said_with_the_way_out()
    {
        await using var database = await TestDatabase.CreateAsync(postgres);
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var run = await CliRun.OfAsync(
            "server", "--database", database.ConnectionString, "--listen", $"http://{other.LocalEndpoint}");
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains("is taken; choose another with --port", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""", "/proc/nowhere")]
    [InlineData("""{ "Database": { "DataFolder": "/proc/nowhere" } }""", null)]
    public async Task A_data_folder_that_cannot_be_used_is_named_wherever_it_was_set(string settings, string? flag)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, settings);
        var run = await CliRun.OfAsync(
            ["token", "list", "--config", file, .. flag is null ? (string[])[] : ["--data", flag]]);
        File.Delete(file);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith("The data folder /proc/nowhere cannot be locked", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_earlier_demo_left_in_flight_is_ended_for_the_next()
    {
        await using var database = await TestDatabase.CreateAsync(postgres);
        await using var rig = await CoreRig.StartAsync(database);
        await rig.AddMinionsAsync(2);
        var action = await rig.ScheduleAsync();
        await rig.DispatchAsync();

        Assert.Equal(2, await EarlierDemo.SettleAsync(database.DataSource, rig.Clock, CancellationToken.None));
        var (status, counts) = await rig.ReadAsync(action);
        Assert.Equal(("Failed", 2, 0), (status, counts.Failed, counts.PickedUp));
        Assert.Equal(0, await EarlierDemo.SettleAsync(database.DataSource, rig.Clock, CancellationToken.None));
    }

    [Fact]
    public void What_a_minion_sent_does_not_steer_the_terminal()
    {
        using var output = new StringWriter();
        new CliOutput(output, output, isTerminal: false).Line("a\u001b]0;title\u0007b\nc");
        Assert.Equal($"a ]0;title b\nc{Environment.NewLine}", output.ToString());
    }

    [Fact]
    public async Task A_setting_that_nobody_knows_stops_the_start_by_its_name()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file, """{"Dispatch": {"Leese": "00:00:10"}, "Database": "Host=127.0.0.1;Port=1"}""");
        var run = await CliRun.OfAsync("server", "--config", file, "--listen", "http://127.0.0.1:0");
        File.Delete(file);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains("Dispatch:Leese", run.Error, StringComparison.Ordinal);
    }
}
