using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Settings;

namespace Saltern.Server.Salt;

internal static partial class SaltRegistration
{
    /// <summary>Adds <see cref="SaltMasters"/>, with an api for each entry of the settings' list `Masters`.</summary>
    public static IServiceCollection AddSalt(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddKnownSettings(SaltSettings.Section, typeof(IReadOnlyList<SaltMasterOptions>));
        services.AddSingleton<IValidateOptions<SaltOptions>, SaltOptionsValidator>();
        services.AddOptions<SaltOptions>()
            .Configure(options => options.Masters = SaltSettings.Read(configuration))
            .ValidateOnStart();
        services.AddHttpClient(); // Also for settings without any master.
        foreach (var entry in configuration.GetSection(SaltSettings.Section).GetChildren())
        {
            AddClient(services, entry[nameof(SaltMasterOptions.Name)] ?? "");
        }
        return services.AddSingleton(Connect);
    }

    private static void AddClient(IServiceCollection services, string master) => services
        .AddHttpClient(SaltTransport.ClientName(master))
        .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan) // Each call has its own deadline.
        .ConfigurePrimaryHttpMessageHandler(provider => SaltHandler.For(Settings(provider, master)))
        .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
        .RemoveAllLoggers(); // They would write headers, the token among them, at the level Trace.

    private static SaltMasterOptions Settings(IServiceProvider provider, string master) =>
        provider.GetRequiredService<IOptions<SaltOptions>>().Value.Masters.First(options => options.Name == master);

    private static SaltMasters Connect(IServiceProvider provider)
    {
        var clients = provider.GetRequiredService<IHttpClientFactory>();
        var clock = provider.GetRequiredService<TimeProvider>();
        var logger = provider.GetRequiredService<ILogger<SaltApi>>();
        var masters = provider.GetRequiredService<IOptions<SaltOptions>>().Value.Masters;
        foreach (var master in masters)
        {
            Warn(master, logger);
        }
        return new SaltMasters(masters.Select(master =>
            (master, (ISaltApi)new SaltApi(master, clients, clock, logger))));
    }

    private static void Warn(SaltMasterOptions master, ILogger logger)
    {
        var url = new Uri(master.Url);
        if (url.Scheme is "http" && !url.IsLoopback)
        {
            LogPlainHttp(logger, master.Name, master.Url);
        }
        if (master.InsecureSkipTlsVerification)
        {
            LogUnverified(logger, master.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Master {Master} is spoken to without TLS ({Url}): its password goes over the network in clear")]
    private static partial void LogPlainHttp(ILogger logger, string master, string url);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "InsecureSkipTlsVerification is set for master {Master}: whoever gets in between has its password")]
    private static partial void LogUnverified(ILogger logger, string master);
}
