using Saltern.Server.Channels;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>Minions with the same products and the same channels, and where they can go.</summary>
/// <param name="Names">Their ids, in the order of <paramref name="Minions"/>.</param>
internal sealed record TargetGroup(
    IReadOnlyList<MinionKey> Minions, IReadOnlyList<string> Names, IReadOnlyList<InstalledProduct>? Products,
    ChannelAssignment? Assigned, MinionTargets Targets);
