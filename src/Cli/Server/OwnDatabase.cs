using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Saltern.Server.Access;
using Saltern.Server.Database;

namespace Saltern.Cli.Server;

/// <summary>
/// The server's database for commands that work on it directly, without a running server: the one that the settings
/// name, or our own in the data folder, which is started for as long as the command needs it unless a server runs on
/// it.
/// </summary>
internal sealed class OwnDatabase : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly PrivatePostgres? postgres;

    private OwnDatabase(ServiceProvider services, PrivatePostgres? postgres)
    {
        this.services = services;
        this.postgres = postgres;
    }

    public IServiceProvider Services => services;

    public static async Task<OwnDatabase> OpenAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var settings = ServerSettings.Load(parsed);
        PrivatePostgres? postgres = null;
        if (!ServerSettings.NamesDatabase(settings))
        {
            var folder = ServerSettings.DataFolder(settings);
            var running = PrivatePostgres.FindRunning(folder);
            if (running is null)
            {
                postgres = await PrivatePostgres.StartAsync(
                    folder, NullLogger<PrivatePostgres>.Instance, cancellationToken);
            }

            settings = ServerSettings.WithDatabase(settings, running ?? postgres!.ConnectionString);
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(settings.Build());
        services.TryAddSingleton(TimeProvider.System);
        services.AddDatabase();
        services.AddSingleton<Tokens>();
        services.AddSingleton<ReturnerRoles>();
        return new OwnDatabase(services.BuildServiceProvider(), postgres);
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }
    }
}
