using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Settings;

namespace Saltern.Server.Fleet;

internal static class FleetRegistration
{
    public static IServiceCollection AddFleet(this IServiceCollection services)
    {
        services.AddSettings<FleetOptions, FleetOptionsValidator>(FleetOptions.Section);
        services.AddSingleton<Masters>();
        services.AddSingleton<MinionFacts>();
        services.AddSingleton<KeyOrders>();
        services.AddSingleton<Groups>();
        services.AddSingleton<GroupSizes>();
        services.AddSingleton<MinionLists>();
        services.AddSingleton<MinionNames>();
        services.AddSingleton<KeyReading>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyReading>());
        services.AddSingleton<SignsOfLife>();
        services.AddHostedService(provider => provider.GetRequiredService<SignsOfLife>());
        return services;
    }
}
