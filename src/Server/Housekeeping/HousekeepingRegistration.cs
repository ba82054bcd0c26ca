using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Settings;

namespace Saltern.Server.Housekeeping;

internal static class HousekeepingRegistration
{
    public static IServiceCollection AddHousekeeping(this IServiceCollection services)
    {
        services.AddSettings<HousekeepingOptions, HousekeepingOptionsValidator>(HousekeepingOptions.Section);
        services.AddSingleton<ResultKeeping>();
        services.AddSingleton<JobCacheDays>();
        services.AddSingleton<JobCacheRest>();
        services.AddHostedService<Broom>();
        return services;
    }
}
