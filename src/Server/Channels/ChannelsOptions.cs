using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Channels;

internal sealed class ChannelsOptions
{
    public const string Section = "Channels";

    /// <summary>Largest file of products that is imported; SUSE's come to some ten megabytes.</summary>
    [Range(65_536, 536_870_912)]
    public int MostImportBytes { get; set; } = 67_108_864;

    /// <summary>How often it is looked whether somebody wants channels to be checked.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long one channel may take to answer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan CheckTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Channels that are asked at a time.</summary>
    [Range(1, 64)]
    public int ChecksAtATime { get; set; } = 8;

    /// <summary>What lets minions, and the checks, in where channels are not for everybody.</summary>
    public IList<ChannelCredentialOptions> Credentials { get; } = [];
}

[OptionsValidator]
internal sealed partial class ChannelsOptionsValidator : IValidateOptions<ChannelsOptions>;
