using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Contract;
using Saltern.Server;
using Saltern.Server.Access;
using Saltern.Server.Database;
using Saltern.Server.Settings;
using Saltern.Simulator;

namespace Saltern.Cli.Demo;

/// <summary>
/// Everything the demo starts, and stops again: a private PostgreSQL, the simulated master that returns into it through
/// the role of a master, and the server with its default settings.
/// </summary>
internal sealed class DemoGround : IAsyncDisposable
{
    private const string MasterRole = "salt_master1";

    private readonly PrivatePostgres postgres;

    private DemoGround(PrivatePostgres postgres, SimulatedMaster master, SalternServer server, string token)
    {
        this.postgres = postgres;
        Master = master;
        Server = server;
        Token = token;
    }

    public SimulatedMaster Master { get; }

    public SalternServer Server { get; }

    /// <summary>A token that allows everything; made anew at each start.</summary>
    public string Token { get; }

    public int PostgresPort => postgres.Port;

    public static async Task<DemoGround> StartAsync(
        string folder, int minions, int port, CancellationToken cancellationToken)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole()
            .SetMinimumLevel(LogLevel.Warning));
        var postgres = await PrivatePostgres.StartAsync(
            folder, loggers.CreateLogger<PrivatePostgres>(), cancellationToken);
        try
        {
            var cache = await PrepareJobCacheAsync(postgres, cancellationToken);
            var options = new SimulatorOptions { Database = cache, Minions = minions, PendingMinions = 3 };
            var master = new SimulatedMaster(options, TimeProvider.System);
            try
            {
                await master.StartAsync(cancellationToken);
                var server = await StartServerAsync(postgres, master, options, folder, port, cancellationToken);
                var token = await MakeTokenAsync(server, cancellationToken);
                return new DemoGround(postgres, master, server, token);
            }
            catch
            {
                await master.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Whatever does not stop, what it stands on is stopped all the same.
        await using (postgres)
        await using (Master)
        await using (Server)
        {
            await Server.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// Applies the schema, ends what an earlier demo left, and makes the master's role; returns how the master
    /// connects.
    /// </summary>
    private static async Task<string> PrepareJobCacheAsync(
        PrivatePostgres postgres, CancellationToken cancellationToken)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Database:ConnectionString", postgres.ConnectionString)]).Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddDatabase();
        services.AddSingleton<ReturnerRoles>();
        await using var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<SchemaChanges>().ApplyAsync(cancellationToken);
        await EarlierDemo.SettleAsync(
            provider.GetRequiredService<NpgsqlDataSource>(), TimeProvider.System, cancellationToken);
        var password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        await provider.GetRequiredService<ReturnerRoles>().WriteAsync(MasterRole, password, cancellationToken);
        return new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = postgres.Port,
            Database = PrivatePostgres.DatabaseName,
            Username = MasterRole,
            Password = password,
        }.ConnectionString;
    }

    private static async Task<SalternServer> StartServerAsync(
        PrivatePostgres postgres, SimulatedMaster master, SimulatorOptions simulator, string folder, int port,
        CancellationToken cancellationToken)
    {
        var passwordFile = Path.Combine(folder, "master1.password");
        await File.WriteAllTextAsync(passwordFile, simulator.Password, cancellationToken);
        File.SetUnixFileMode(passwordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return await SalternServer.StartAsync(
            settings => settings.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Database:ConnectionString"] = postgres.ConnectionString,
                ["Listen:Urls"] = $"http://127.0.0.1:{port}",
                ["Masters:0:Name"] = master.Name,
                ["Masters:0:Url"] = master.Api.ToString(),
                ["Masters:0:Username"] = simulator.User,
                ["Masters:0:PasswordFile"] = passwordFile,
                ["Logging:LogLevel:Default"] = "Warning",
            }),
            change: null,
            cancellationToken);
    }

    private static async Task<string> MakeTokenAsync(SalternServer server, CancellationToken cancellationToken)
    {
        var tokens = server.Services.GetRequiredService<Tokens>();
        var name = $"demo-{Convert.ToHexString(RandomNumberGenerator.GetBytes(4))}";
        return await tokens.CreateAsync(name, [PermissionNames.Admin], null, "demo", cancellationToken) switch
        {
            TokenCreation.Created created => created.Token,
            var refused => throw new CliFailure(ExitCodes.Usage, $"No token could be made: {refused}"),
        };
    }
}
