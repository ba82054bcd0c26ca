using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Settings;

namespace Saltern.Server.Fleet;

internal static class FleetRegistration
{
    public static IServiceCollection AddFleet(this IServiceCollection services)
    {
        services.AddSettings<FleetOptions, FleetOptionsValidator>(FleetOptions.Section);
        services.AddSingleton<Masters>();
        services.AddSingleton<SignsOfLife>();
        services.AddHostedService(provider => provider.GetRequiredService<SignsOfLife>());
        services.AddSingleton<TargetSelector>();
        services.AddSingleton<MinionFacts>();
        return services;
    }
}
