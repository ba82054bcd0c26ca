using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.ServicePacks;

internal sealed class ServicePacksOptions
{
    public const string Section = "ServicePacks";

    /// <summary>How often changes of channels are looked at, whatever was heard of them.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Sweep { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// After so long a minion is given its channels of before again, and after a fifth of it asked again how its run
    /// ended; the longer nothing comes of it, the longer.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan TryAgain { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a minion may take for what is ordered of it in consequence of a migration (its channels of before, how
    /// its run ended, its products) before it is asked what has become of that. A restart has the deadline of its kind.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OrderDeadline { get; set; } = TimeSpan.FromMinutes(10);
}

[OptionsValidator]
internal sealed partial class ServicePacksOptionsValidator : IValidateOptions<ServicePacksOptions>;
