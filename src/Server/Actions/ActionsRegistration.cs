using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Settings;

namespace Saltern.Server.Actions;

internal static class ActionsRegistration
{
    /// <summary>Everything about orders; the kinds of action register themselves (<c>AddActionKinds</c>).</summary>
    public static IServiceCollection AddActions(this IServiceCollection services)
    {
        services.AddSettings<ActionsOptions, ActionsOptionsValidator>(ActionsOptions.Section);
        services.AddSingleton<ActionKinds>();
        services.AddSingleton<Scheduling>();
        services.AddSingleton<Cancelling>();
        services.AddSingleton<Stopping>();
        services.AddSingleton<Rescheduling>();
        services.AddSingleton<Archiving>();
        services.AddSingleton<Deleting>();
        services.AddSingleton<OldActions>();
        services.AddHostedService(provider => provider.GetRequiredService<OldActions>());
        services.AddSingleton<FirstRefresh>();
        services.AddHostedService(provider => provider.GetRequiredService<FirstRefresh>());
        services.AddSingleton<ActionLists>();
        services.AddSingleton<TargetLists>();
        services.AddSingleton<AttemptDetails>();
        services.AddSingleton<ActionTotals>();
        services.AddSingleton<MinionActions>();
        return services;
    }
}
