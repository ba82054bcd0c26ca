using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Fleet;

internal sealed class FleetOptions
{
    public const string Section = "Fleet";

    /// <summary>
    /// How often the masters are asked for their keys; a new minion shows up at the latest after this time.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00")]
    public TimeSpan KeyReadInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A reading in which more than half of a master's more than 10 minions are gone counts when one so much later says
    /// the same: a master may have been restored badly, or have the wrong folder of keys.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan MassLossConfirmedAfter { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>A minion heard from within this time is present.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan PresentWithin { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Nothing is handed to a master for so long after it failed; twice as long after the next, and so on.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest that pause becomes. Up to a fifth of each pause is left out by chance.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often start events are looked for when no bell rings.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StartEventInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Start events taken in one transaction.</summary>
    [Range(1, 100_000)]
    public int StartEventBatch { get; set; } = 2_000;

    /// <summary>Most keys that one order may accept, reject or delete: each is a call to its master.</summary>
    [Range(1, 10_000)]
    public int MostKeysAtOnce { get; set; } = 1_000;
}

[OptionsValidator]
internal sealed partial class FleetOptionsValidator : IValidateOptions<FleetOptions>;
