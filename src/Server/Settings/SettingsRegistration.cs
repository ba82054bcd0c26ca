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
        services.AddKnownSettings(section, typeof(TOptions));
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>>(
            new SpokenValidation<TOptions>(section, new TValidator())));
        return services;
    }

    /// <summary>
    /// Makes a section known that its slice binds itself. The section "" is the root, for options that are keys of
    /// their own; a list type stands for a section with the entries 0, 1, ….
    /// </summary>
    public static IServiceCollection AddKnownSettings(this IServiceCollection services, string section, Type options) =>
        services.AddSingleton(new SettingsSection(section, options));
}
