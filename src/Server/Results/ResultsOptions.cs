using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Results;

internal sealed class ResultsOptions
{
    public const string Section = "Results";

    /// <summary>Inbox rows settled in one transaction. More is faster and holds locks longer.</summary>
    [Range(1, 50_000)]
    public int BatchSize { get; set; } = 5_000;

    /// <summary>Batches settled at a time while there is more than one in the inbox.</summary>
    [Range(1, 16)]
    public int AtATime { get; set; } = 2;

    /// <summary>
    /// Between two looks at an inbox that has just become empty: the writer that lost the race to ring.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:01")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(40);

    /// <summary>How often to look at the inbox without a bell while any target is picked up.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan LookWhileOutstanding { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The same when nothing is outstanding.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LookWhileIdle { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often to join what is outstanding with the job cache, for returns that the inbox missed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Sweep { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A return must be this old before the sweep takes it for missed.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan MissedAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A minion that is busy (another state run, a held lock) is tried again after this time.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BusyPause { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A minion tries three times, a minute apart, to deliver a return, and has removed the job by then: that a job
    /// does not run counts when it is said twice, at least this far apart.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ProofAfter { get; set; } = TimeSpan.FromMinutes(4);

    /// <summary>An overdue job is first asked about no sooner after its submission: it may not have begun.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan FirstAskAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a minion is asked about an overdue job that runs.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AskWhileRunning { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>When a minion is asked again after an answer that was no use.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AskAgain { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a job that was told to end may take until it is looked for, and killed if it runs.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Before the second attempt of one that was lost; before the third twice as long, and so on.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How often a master whose job cache is not our database is asked for the returns of a job that is out.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CollectEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The same while no more than 20 jobs are out on that master.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CollectSoon { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the job caches are searched for returns of targets that have failed as a guess.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan RevisitEvery { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long after a guess they are searched for its return.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan RevisitFor { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Bodies up to this size are read where a kind needs them; a larger one is judged by its return code alone.
    /// Each batch that is settled holds one of them in memory at a time.
    /// </summary>
    [Range(1_024, 268_435_456)]
    public int LargestReadBodyBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>A batch reads no further body once it has read so much; the rest waits for the next one.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MostReadBytes { get; set; } = 32 * 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class ResultsOptionsValidator : IValidateOptions<ResultsOptions>;
