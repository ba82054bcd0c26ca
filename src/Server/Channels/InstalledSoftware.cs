namespace Saltern.Server.Channels;

/// <summary>What a minion told about itself on the way of an action: its products, or its repositories.</summary>
internal sealed record InstalledSoftware(
    IReadOnlyList<InstalledProduct>? Products, IReadOnlyList<MinionRepository>? Repositories);
