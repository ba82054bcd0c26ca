namespace Saltern.Server.Channels;

/// <summary>What one minion told, and when; null where it never did.</summary>
internal sealed record MinionSoftwareRow(
    IReadOnlyList<InstalledProduct>? Products, DateTimeOffset? ProductsAt,
    IReadOnlyList<MinionRepository>? Repositories, DateTimeOffset? RepositoriesAt);
