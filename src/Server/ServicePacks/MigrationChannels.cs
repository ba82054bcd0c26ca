using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>The channels of one choice: as the record that is assigned, and with address, name and signing.</summary>
internal sealed record MigrationChannels(ChannelAssignment Assignment, IReadOnlyList<TargetChannel> Channels);
