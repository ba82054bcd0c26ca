using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Settings;

internal static class SettingsRegistration
{
    /// <summary>
    /// Binds a slice's options to its section, validates them when the process starts, and makes the section known,
    /// so that a key nobody reads stops the start instead of being silently without effect.
    /// </summary>
    public static IServiceCollection AddSettings<TOptions, TValidator>(this IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>, new()
    {
        services.AddSingleton(new SettingsSection(section, typeof(TOptions)));
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>>(
            new SpokenValidation<TOptions>(section, new TValidator())));
        return services;
    }
}
