using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Settings;

namespace Saltern.Server.Changes;

internal static class ChangesRegistration
{
    public static IServiceCollection AddChanges(this IServiceCollection services)
    {
        services.AddSettings<ChangesOptions, ChangesOptionsValidator>(ChangesOptions.Section);
        services.AddSingleton<ChangeFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<ChangeFeed>());
        return services;
    }
}
