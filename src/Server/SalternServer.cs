using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Access;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Api;
using Saltern.Server.Changes;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Health;
using Saltern.Server.Housekeeping;
using Saltern.Server.Metrics;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Server.ServicePacks;
using Saltern.Server.Settings;
using Saltern.Server.Web;

namespace Saltern.Server;

/// <summary>
/// One node of Saltern: the composition of all slices. It runs in the process of whoever starts it: the program's
/// <c>server</c> and <c>demo</c> commands, and tests.
/// </summary>
internal sealed class SalternServer : IAsyncDisposable
{
    private readonly WebApplication application;

    private SalternServer(WebApplication application) => this.application = application;

    /// <summary>Where it listens, with the port it really got.</summary>
    public Uri Address => new(application.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public IServiceProvider Services => application.Services;

    /// <summary>
    /// Starts a node: settings checked, schema up to date, loops running, listening. Throws
    /// <see cref="SettingsException"/> for settings that cannot work and <see cref="SchemaRefusedException"/> for a
    /// database that is not for this program.
    /// </summary>
    /// <param name="settings">Where the settings come from; the later source wins.</param>
    /// <param name="change">Replaces services before they are built; for tests (clock, Salt).</param>
    public static async Task<SalternServer> StartAsync(
        Action<IConfigurationBuilder> settings, Action<IServiceCollection>? change, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(SalternServer).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        // The framework's own sources (appsettings.json, every variable of the environment) say nothing about Saltern.
        builder.Configuration.Sources.Clear();
        settings(builder.Configuration);
        // One line per state change is ours to write; these would add one per statement and request.
        builder.Logging.AddFilter("Npgsql", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning);
        AddSlices(builder.Services, builder.Configuration);
        change?.Invoke(builder.Services);
        Limit(builder);

        var application = builder.Build();
        try
        {
            RefuseBadSettings(settings, application.Services);
            await application.Services.GetRequiredService<SchemaChanges>().ApplyAsync(cancellationToken);
            // Before the first return of today comes: a day whose rows lie in the default partition cannot be made.
            await application.Services.GetRequiredService<JobCacheDays>().MakeAsync(cancellationToken);
            await application.Services.GetRequiredService<Masters>().RegisterAsync(cancellationToken);
            // It counts from now on; who reads /metrics first must not decide from when.
            _ = application.Services.GetRequiredService<MetricsCollector>();
            MapSlices(application);
            await ListenAsync(application, cancellationToken);
            return new SalternServer(application);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => application.StopAsync(cancellationToken);

    /// <summary>Returns when the process is told to end (Ctrl-C, SIGTERM) and everything has stopped.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) =>
        application.WaitForShutdownAsync(cancellationToken);

    public ValueTask DisposeAsync() => application.DisposeAsync();

    /// <summary>Looks at what was set and at nothing that the host added to it.</summary>
    private static void RefuseBadSettings(Action<IConfigurationBuilder> settings, IServiceProvider services)
    {
        var own = new ConfigurationBuilder();
        settings(own);
        SettingsCheck.Run(own.Build(), services);
    }

    private static void AddSlices(IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<TimeProvider>(new SharedClock(TimeProvider.System));
        services.AddSettings<ListenOptions, ListenOptionsValidator>(ListenOptions.Section);
        services.AddDatabase();
        services.AddSalt(configuration);
        services.AddFleet();
        services.AddChannels();
        services.AddActions();
        services.AddActionKinds();
        services.AddResults();
        services.AddDispatch();
        services.AddServicePacks();
        services.AddHousekeeping();
        services.AddHealth();
        services.AddAccess();
        services.AddChanges();
        services.AddApi();
        services.AddWeb();
    }

    private static void MapSlices(WebApplication application)
    {
        application.UseApi();
        application.UseWeb();
        application.UseAuthentication();
        application.UseAuthorization();
        application.MapApi();
        application.MapWeb();
    }

    /// <summary>
    /// Kestrel is made before the settings are checked: what cannot be read is refused there, not here.
    /// </summary>
    private static void Limit(WebApplicationBuilder builder) => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        var unset = new ListenOptions();
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Written(nameof(ListenOptions.MaxRequestBytes)) ?? unset.MaxRequestBytes;
        kestrel.Limits.MaxConcurrentConnections = Written(nameof(ListenOptions.MaxConnections)) ?? unset.MaxConnections;

        int? Written(string setting) => int.TryParse(
            builder.Configuration[$"{ListenOptions.Section}:{setting}"], CultureInfo.InvariantCulture, out var most)
            && most > 0 ? most : null;
    });

    private static async Task ListenAsync(WebApplication application, CancellationToken cancellationToken)
    {
        var urls = application.Services.GetRequiredService<IOptions<ListenOptions>>().Value.Urls;
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            application.Urls.Add(url);
        }

        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            throw new SettingsException(
                [$"Listen:Urls '{urls}' is taken; choose another with --port (demo) or --listen (server)."]);
        }
        catch (Exception error) when (error is SocketException || error.InnerException is SocketException)
        {
            throw new SettingsException([$"Listen:Urls '{urls}' cannot be listened on: {error.Message}"]);
        }
    }
}
