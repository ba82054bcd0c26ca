using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Settings;

internal static class SettingsCheck
{
    /// <summary>
    /// To be called before anything starts: refuses unknown keys and unreadable values first, because they explain best
    /// what is wrong, then whatever the options' own rules refuse.
    /// </summary>
    /// <param name="settings">What the user has set, without anything that a host adds to it.</param>
    /// <param name="services">Of the finished host, so that every slice has registered its options.</param>
    /// <exception cref="SettingsException">One sentence per problem.</exception>
    public static void Run(IConfigurationRoot settings, IServiceProvider services)
    {
        var unknown = UnknownSettings.Find(settings, services.GetServices<SettingsSection>());
        if (unknown.Count > 0)
        {
            throw new SettingsException(unknown);
        }

        try
        {
            services.GetService<IStartupValidator>()?.Validate();
        }
        catch (OptionsValidationException e)
        {
            throw new SettingsException(e.Failures);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            throw new SettingsException(
                e.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures));
        }
    }
}
