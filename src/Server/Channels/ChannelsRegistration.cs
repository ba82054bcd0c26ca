using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saltern.Server.Channels.Import;
using Saltern.Server.Settings;

namespace Saltern.Server.Channels;

internal static class ChannelsRegistration
{
    public static IServiceCollection AddChannels(this IServiceCollection services)
    {
        services.AddSettings<ChannelsOptions, ChannelsOptionsValidator>(ChannelsOptions.Section);
        services.AddSingleton<IValidateOptions<ChannelsOptions>, ChannelCredentialsValidator>();
        services.AddSingleton<ChannelCredentials>();
        services.AddHttpClient(RepositoryProbe.ClientName)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan) // The probe has its own time-out.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false })
            .RemoveAllLoggers();
        services.AddSingleton<ProductImports>();
        services.AddSingleton<Catalogues>();
        services.AddSingleton<ChannelOrders>();
        services.AddSingleton<AssignmentOrders>();
        services.AddSingleton<ChannelLists>();
        services.AddSingleton<RepositoryProbe>();
        services.AddSingleton<ChannelChecks>();
        services.AddHostedService(provider => provider.GetRequiredService<ChannelChecks>());
        return services;
    }
}
