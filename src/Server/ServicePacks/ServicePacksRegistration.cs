using Microsoft.Extensions.DependencyInjection;

namespace Saltern.Server.ServicePacks;

internal static class ServicePacksRegistration
{
    public static IServiceCollection AddServicePacks(this IServiceCollection services)
    {
        services.AddSingleton<ServicePackTargets>();
        return services;
    }
}
