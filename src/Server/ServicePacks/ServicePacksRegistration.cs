using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Actions;
using Saltern.Server.Settings;

namespace Saltern.Server.ServicePacks;

internal static class ServicePacksRegistration
{
    public static IServiceCollection AddServicePacks(this IServiceCollection services)
    {
        services.AddSettings<ServicePacksOptions, ServicePacksOptionsValidator>(ServicePacksOptions.Section);
        services.AddSingleton<ServicePackTargets>();
        services.AddSingleton<MigrateKind>();
        services.AddSingleton<ActionKind>(provider => provider.GetRequiredService<MigrateKind>());
        services.AddSingleton<ActionKind, ChannelsApplyKind>();
        services.AddSingleton<ActionKind, RunResultKind>();
        services.AddSingleton<ActionKind, RunChangesKind>();
        services.AddSingleton<ActionKind, TestCaseKind>();
        services.AddSingleton<ActionKind, RollbackKind>();
        services.AddSingleton<CallPreparation, MigrationPreparation>();
        services.AddSingleton<CallPreparation, ApplyPreparation>();
        services.AddSingleton<MigrationReport>();
        services.AddSingleton<ChangeOrders>();
        services.AddSingleton<OwnOrders>();
        services.AddSingleton<ChangeDeciding>();
        services.AddHostedService(provider => provider.GetRequiredService<ChangeDeciding>());
        services.AddSingleton<AfterRuns>();
        services.AddHostedService(provider => provider.GetRequiredService<AfterRuns>());
        services.AddSingleton<OldChanges>();
        services.AddHostedService(provider => provider.GetRequiredService<OldChanges>());
        return services;
    }
}
