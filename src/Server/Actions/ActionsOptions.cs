using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Actions;

internal sealed class ActionsOptions
{
    public const string Section = "Actions";

    /// <summary>
    /// An earliest time this far in the past is taken as "now" (clocks differ); further back is refused.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan PastGrace { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Targets still queued so long after the earliest time are skipped, unless the order says otherwise.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "366.00:00:00")]
    public TimeSpan ExpiresAfter { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// A target whose minion cannot be asked waits for contact so long after its pick-up, and so does what is not safe
    /// to repeat in the queue.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "366.00:00:00")]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often what is safe to repeat is tried in all when an attempt is known to be lost.</summary>
    [Range(1, 20)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>The most minions one action may have.</summary>
    [Range(1, 10_000_000)]
    public int MostTargets { get; set; } = 1_000_000;

    /// <summary>Order a hardware.refresh for minions that have never told their grains.</summary>
    public bool RefreshNewMinions { get; set; } = true;
}

[OptionsValidator]
internal sealed partial class ActionsOptionsValidator : IValidateOptions<ActionsOptions>;
