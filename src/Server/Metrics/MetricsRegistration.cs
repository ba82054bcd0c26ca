using Microsoft.Extensions.DependencyInjection;

namespace Saltern.Server.Metrics;

internal static class MetricsRegistration
{
    public static IServiceCollection AddSalternMetrics(this IServiceCollection services) =>
        services.AddSingleton<MetricsCollector>();
}
