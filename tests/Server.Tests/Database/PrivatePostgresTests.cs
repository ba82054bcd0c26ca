using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Database;

public sealed class PrivatePostgresTests : IDisposable
{
    private readonly string data = $"/tmp/saltern-data-{Guid.NewGuid():N}";

    public void Dispose()
    {
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task What_was_written_is_there_after_a_restart_on_the_same_port()
    {
        int port;
        await using (var first = await StartAsync())
        {
            port = first.Port;
            await ExecuteAsync(first.ConnectionString, "create table kept as select 42 as answer");
        }

        await using var second = await StartAsync();

        Assert.Equal(42, await ExecuteAsync(second.ConnectionString, "select answer from kept"));
        Assert.Equal("on", await ExecuteAsync(second.ConnectionString, "show fsync"));
        Assert.Equal("UTF8", await ExecuteAsync(second.ConnectionString, "show server_encoding"));
        Assert.Equal(port, second.Port);
        Assert.False(second.Adopted);
    }

    [Fact]
    public async Task A_server_left_over_by_a_killed_saltern_is_taken_over_and_stopped_in_the_end()
    {
        var first = await StartAsync();
        var pid = Pid();
        await ExecuteAsync(first.ConnectionString, "create table kept as select 42 as answer");
        await first.AbandonAsync();

        await using (var second = await StartAsync())
        {
            Assert.True(second.Adopted);
            Assert.Equal(pid, Pid());
            Assert.Equal(42, await ExecuteAsync(second.ConnectionString, "select answer from kept"));
        }

        Assert.False(File.Exists(PidFile));
    }

    [Fact]
    public async Task A_pid_file_of_a_process_that_is_something_else_by_now_does_not_keep_it_from_starting()
    {
        await using (await StartAsync())
        {
        }

        var own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(PidFile, $"{own}\n{data}/postgres/cluster\n0\n54320\n\n", CancellationToken.None);

        await using var second = await StartAsync();
        Assert.False(second.Adopted);
        Assert.NotEqual(own, Pid());
    }

    [Fact]
    public async Task What_a_first_start_left_half_made_does_not_keep_the_next_from_starting()
    {
        await using (await StartAsync())
        {
        }

        Directory.Move($"{data}/postgres/cluster", $"{data}/postgres/cluster.new");
        File.Delete($"{data}/postgres/cluster.new/postgresql.conf");

        await using var second = await StartAsync();
        Assert.Equal(1, await ExecuteAsync(second.ConnectionString, "select 1"));
        Assert.False(Directory.Exists($"{data}/postgres/cluster.new"));
    }

    [Fact]
    public async Task A_killed_postgresql_is_started_again()
    {
        var first = await StartAsync();
        using (var postmaster = Process.GetProcessById(int.Parse(Pid(), CultureInfo.InvariantCulture)))
        {
            postmaster.Kill();
            await postmaster.WaitForExitAsync();
        }

        await first.AbandonAsync();
        await using var second = await StartAsync();
        Assert.Equal(1, await ExecuteAsync(second.ConnectionString, "select 1"));
    }

    [Fact]
    public async Task A_second_saltern_on_the_same_folder_is_refused()
    {
        await using var first = await StartAsync();
        var refusal = await Assert.ThrowsAsync<PostgresMissingException>(StartAsync);
        Assert.Contains("Another saltern may be using it", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, await ExecuteAsync(first.ConnectionString, "select 1"));
    }

    [Fact]
    public async Task Over_the_port_only_a_role_with_a_password_comes_in()
    {
        await using var postgres = await StartAsync();
        await ExecuteAsync(postgres.ConnectionString, "create role master_one login password 'right'");
        var overThePort = $"Host=127.0.0.1;Port={postgres.Port};Database=saltern;Pooling=false;";

        Assert.Equal(1, await ExecuteAsync($"{overThePort}Username=master_one;Password=right", "select 1"));
        await Assert.ThrowsAsync<PostgresException>(
            () => ExecuteAsync($"{overThePort}Username=master_one;Password=wrong", "select 1"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(
            () => ExecuteAsync($"{overThePort}Username=saltern;Password=any", "select 1"));
    }

    [Fact]
    public async Task A_path_too_long_for_a_socket_gets_a_short_one()
    {
        var folder = Path.Combine(data, new string('a', 60), new string('b', 60));
        string socket;
        await using (var postgres = await PrivatePostgres.StartAsync(
            folder, NullLogger<PrivatePostgres>.Instance, CancellationToken.None))
        {
            socket = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;
            Assert.StartsWith("/tmp/saltern-", socket, StringComparison.Ordinal);
            Assert.Equal(1, await ExecuteAsync(postgres.ConnectionString, "select 1"));
        }

        Directory.Delete(socket);
    }

    [Fact]
    public async Task A_taken_port_is_named_with_the_file_that_holds_it()
    {
        await using (await StartAsync())
        {
        }

        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var port = ((System.Net.IPEndPoint)other.LocalEndpoint).Port;
        await File.WriteAllTextAsync($"{data}/postgres/port", $"{port}", CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<PostgresMissingException>(StartAsync);
        Assert.Contains($"Port {port}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"{data}/postgres/port", refusal.Message, StringComparison.Ordinal);
    }

    private string PidFile => $"{data}/postgres/cluster/postmaster.pid";

    private Task<PrivatePostgres> StartAsync() =>
        PrivatePostgres.StartAsync(data, NullLogger<PrivatePostgres>.Instance, CancellationToken.None);

    private string Pid() => File.ReadLines(PidFile).First();

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
