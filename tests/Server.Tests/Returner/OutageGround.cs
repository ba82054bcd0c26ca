using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Returner;

/// <summary>
/// A PostgreSQL of a test's own that can be stopped and started, with the schema and a master's role that logs in over
/// TCP with its password; and the folder in which masters' processes spool.
/// </summary>
internal sealed class OutageGround : IAsyncDisposable
{
    public const string Role = "salt_master1";

    private readonly string folder = $"/tmp/saltern-data-{Guid.NewGuid():N}";
    private readonly string password = Guid.NewGuid().ToString("N");
    private PrivatePostgres? postgres;
    private int port;
    private string owner = "";

    public string Spool => Path.Combine(folder, "spool");

    public string ConfigFolder => Path.Combine(folder, "salt");

    public static async Task<OutageGround> StartAsync()
    {
        var ground = new OutageGround();
        await ground.StartPostgresAsync();
        var options = new DatabaseOptions { ConnectionString = ground.owner + ";Pooling=false" };
        await using var dataSource = DatabaseConnections.Build(options, NullLoggerFactory.Instance);
        await new SchemaChanges(dataSource, Options.Create(options), NullLogger<SchemaChanges>.Instance)
            .ApplyAsync(CancellationToken.None);
        Assert.Null(await new ReturnerRoles(dataSource).WriteAsync(Role, ground.password, CancellationToken.None));
        return ground;
    }

    public async Task StartPostgresAsync()
    {
        postgres = await PrivatePostgres.StartAsync(
            folder, NullLogger<PrivatePostgres>.Instance, CancellationToken.None);
        (port, owner) = (postgres.Port, postgres.ConnectionString);
    }

    public async Task StopPostgresAsync()
    {
        await postgres!.DisposeAsync();
        postgres = null;
    }

    /// <summary>Another process of the same master: the same spool.</summary>
    public ReturnerProcess StartMaster(params (string Name, object Value)[] more) => ReturnerProcess.Start(
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = port, Database = PrivatePostgres.DatabaseName, Username = Role,
            Password = password,
        },
        Spool, [("returner.saltern.retry_seconds", 0.2), .. more]);

    /// <summary>The command for cron and systemd, with a configuration of the same master.</summary>
    public async Task<(int Code, string Output, string Error)> SpoolCommandAsync(params string[] arguments)
    {
        Directory.CreateDirectory(Path.Combine(ConfigFolder, "master.d"));
        await File.WriteAllTextAsync(Path.Combine(ConfigFolder, "master"), "id: master1\n");
        await File.WriteAllTextAsync(Path.Combine(ConfigFolder, "master.d/saltern.conf"), $"""
            returner.saltern.host: 127.0.0.1
            returner.saltern.port: {port}
            returner.saltern.db: {PrivatePostgres.DatabaseName}
            returner.saltern.user: {Role}
            returner.saltern.pass: {password}
            returner.saltern.spool: {Spool}
            returner.saltern.retry_seconds: 0.2
            """);
        using var process = Process.Start(new ProcessStartInfo(
            ReturnerProcess.Python,
            [Path.Combine(Gates.SourceTree.Root, "salt/saltern-spool"), .. arguments, "--config-dir", ConfigFolder])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    public async Task<JsonElement> SpoolAsync() =>
        JsonDocument.Parse((await SpoolCommandAsync("status", "--json")).Output).RootElement;

    public Task<long> CountAsync(string what) => ScalarAsync<long>($"select count(*) from {what}");

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(owner + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A session of the owner, to hold locks with.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(owner + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }
}
