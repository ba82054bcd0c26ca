using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Housekeeping;

internal sealed class HousekeepingOptions
{
    public const string Section = "Housekeeping";

    /// <summary>How often to look.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Days of the job cache that are made before they come.</summary>
    [Range(1, 60)]
    public int DaysAhead { get; set; } = 7;

    /// <summary>A day of the job cache ends so many days after it.</summary>
    [Range(1, 3_650)]
    public int KeepDays { get; set; } = 30;

    /// <summary>The same for the masters' events, which nothing needs for long.</summary>
    [Range(1, 3_650)]
    public int KeepEventDays { get; set; } = 7;

    /// <summary>
    /// An action goes, with its targets, attempts and kept results, so many days after its end; what is in the log of
    /// orders about actions that are gone, so many days after it was written; a migration's change of channels, so many
    /// days after it was decided. 0 keeps them for ever.
    /// </summary>
    [Range(0, 36_500)]
    public int KeepHistoryDays { get; set; } = 365;

    /// <summary>
    /// What the history keeps of a result when its day of the job cache ends; more is cut and marked.
    /// </summary>
    [Range(0, 1_048_576)]
    public int KeptResultCharacters { get; set; } = 16_384;

    /// <summary>How long to wait for a lock that inserts would queue behind.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:05")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromMilliseconds(100);
}

[OptionsValidator]
internal sealed partial class HousekeepingOptionsValidator : IValidateOptions<HousekeepingOptions>;
