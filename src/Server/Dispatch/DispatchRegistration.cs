using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saltern.Server.Settings;

namespace Saltern.Server.Dispatch;

internal static class DispatchRegistration
{
    public static IServiceCollection AddDispatch(this IServiceCollection services)
    {
        services.AddSettings<DispatchOptions, DispatchOptionsValidator>(DispatchOptions.Section);
        services.AddSingleton<IValidateOptions<DispatchOptions>, LeaseOutlastsCalls>();
        services.AddSingleton<NodeName>();
        services.AddSingleton<OutcomeRecording>();
        services.AddSingleton<Submitting>();
        services.AddSingleton<Claiming>();
        services.AddSingleton<Asking>();
        services.AddSingleton<TakingOver>();
        services.AddSingleton<Resolving>();
        services.AddSingleton<Expiry>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton<RoundTrip>();
        services.AddSingleton<MasterLook>();
        services.AddHostedService<DueTimer>();
        return services;
    }
}
