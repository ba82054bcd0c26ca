using Microsoft.Extensions.DependencyInjection;

namespace Saltern.Server.Actions.Kinds;

/// <summary>Makes the kinds of action known to the server.</summary>
internal static class ActionKindsRegistration
{
    public static IServiceCollection AddActionKinds(this IServiceCollection services) => services
        .AddSingleton<ActionKind, PingKind>()
        .AddSingleton<ActionKind, StateApplyKind>()
        .AddSingleton<ActionKind, ScriptRunKind>()
        .AddSingleton<ActionKind, PackageInstallKind>()
        .AddSingleton<ActionKind, PackageRemoveKind>()
        .AddSingleton<ActionKind, PackageUpdateKind>()
        .AddSingleton<ActionKind, PackageRefreshKind>()
        .AddSingleton<ActionKind, HardwareRefreshKind>()
        .AddSingleton<ActionKind, ProductsRefreshKind>()
        .AddSingleton<ActionKind, RepositoriesRefreshKind>()
        .AddSingleton<ActionKind, SystemRebootKind>()
        .AddSingleton<ActionKind, SaltCallKind>();
}
