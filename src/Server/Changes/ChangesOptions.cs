using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Changes;

internal sealed class ChangesOptions
{
    public const string Section = "Changes";

    /// <summary>Most streams open at a time on this node.</summary>
    [Range(1, 100_000)]
    public int MaxSubscriptions { get; set; } = 1_000;

    /// <summary>Most events kept for one stream that reads slowly.</summary>
    [Range(8, 10_000)]
    public int QueueLength { get; set; } = 256;

    /// <summary>At least so long between two readings of what changed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan Pace { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A stream in which nothing happens is kept alive so often.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Most actions read at a time; when more changed, everybody reads anew what they show.</summary>
    [Range(1, 10_000)]
    public int MaxActions { get; set; } = 500;

    /// <summary>Most targets of an action read at a time; when more changed, their list is read anew.</summary>
    [Range(1, 10_000)]
    public int MaxTargets { get; set; } = 200;
}

[OptionsValidator]
internal sealed partial class ChangesOptionsValidator : IValidateOptions<ChangesOptions>;
