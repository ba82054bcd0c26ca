namespace Saltern.Server.Channels;

/// <summary>A channel as a line of a list.</summary>
/// <param name="Url">Where it is fetched from, the mirror's address if one serves it.</param>
/// <param name="Original">What it stands for, if it is a clone.</param>
internal sealed record ChannelRow(
    SoftwareChannel Channel, string Source, string Url, string? Original, string? Family,
    ChannelAvailability Availability);
