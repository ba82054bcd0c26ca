using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Metrics;

namespace Saltern.Server.Health;

internal static class HealthRegistration
{
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddSalternMetrics();
        services.AddSingleton<Readiness>();
        services.AddSingleton<Gauges>();
        return services;
    }
}
