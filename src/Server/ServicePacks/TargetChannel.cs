using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>A channel of a target, as this minion would get it.</summary>
/// <param name="Label">The clone's where it stands for the original.</param>
/// <param name="Original">What SUSE calls it.</param>
/// <param name="Url">Where it would be fetched from (mirrors are applied); null where the channel is missing.</param>
/// <param name="Product">Whose channel it is.</param>
/// <param name="Problem">Missing or unreachable, in a sentence; null where nothing is known against it.</param>
internal sealed record TargetChannel(
    string Label, string Original, string Name, string? Url, Product Product, bool IsBase, bool Mandatory,
    bool Recommended, ChannelAvailability Availability, WhyNot? Problem);
