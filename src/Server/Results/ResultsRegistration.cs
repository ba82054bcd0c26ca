using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Settings;

namespace Saltern.Server.Results;

internal static class ResultsRegistration
{
    public static IServiceCollection AddResults(this IServiceCollection services)
    {
        services.AddSettings<ResultsOptions, ResultsOptionsValidator>(ResultsOptions.Section);
        services.AddSingleton<SettlingMetrics>();
        services.AddSingleton<BodyReader>();
        services.AddSingleton<Settler>();
        services.AddSingleton<MissedReturns>();
        services.AddSingleton<Overdue>();
        services.AddHostedService<ReturnListener>();
        services.AddHostedService<ResultsSweep>();
        services.AddSingleton<ReturnCollector>();
        services.AddHostedService(provider => provider.GetRequiredService<ReturnCollector>());
        services.AddSingleton<GuessRevisit>();
        services.AddHostedService(provider => provider.GetRequiredService<GuessRevisit>());
        return services;
    }
}
