using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Dispatch;

internal sealed class DispatchOptions
{
    public const string Section = "Dispatch";

    /// <summary>
    /// How long a submission is this node's alone. Longer than a call's time-out (so that nobody else sends while it
    /// runs), and short enough that another node can still resend within <see cref="ResendWithin"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>A call is sent a second time, under the same jid, only so soon after the first.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ResendWithin { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Added to the master's own time-out before the absence of evidence counts.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan EvidenceGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often to look for work without any bell.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Sweep { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// At least so long between two passes for a master: places that become free one by one make one submission, not
    /// one each. A master publishes some twenty times a second.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Pace { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Submissions of one pass that go to one master at a time; a master publishes no faster with more.
    /// </summary>
    [Range(1, 16)]
    public int CallsAtATime { get; set; } = 2;

    /// <summary>
    /// Calls that one claim makes of actions whose minions need different arguments (migrations, channels); the rest
    /// stays queued for the next claim. So many are with the master in a few seconds, well within
    /// <see cref="Lease"/>, and a claim holds the master's lock and counters that settling waits for.
    /// </summary>
    [Range(1, 1_000)]
    public int MostCallsInClaim { get; set; } = 50;

    /// <summary>An answer to an ask before pick-up counts for so long.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:10:00")]
    public TimeSpan AnswerCounts { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>An ask that has no answer after this time is asked again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan AskDeadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A minion that does not answer is asked again after pauses that double up to this one, and as soon as it is
    /// heard from.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan AskAbsent { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Start with dispatch paused, whatever the database says.</summary>
    public bool StartPaused { get; set; }
}

[OptionsValidator]
internal sealed partial class DispatchOptionsValidator : IValidateOptions<DispatchOptions>;
