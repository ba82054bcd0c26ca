namespace Saltern.Contract;

/// <summary>What is on record for a minion, what it told, and how the two differ.</summary>
public sealed record MinionChannels
{
    /// <summary>The label of the base channel on record; left out where nothing is.</summary>
    public string? Base { get; init; }

    public required IReadOnlyList<string> Children { get; init; }

    public string? ChangedBy { get; init; }

    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Left out while it never told its products (products.refresh).</summary>
    public IReadOnlyList<MinionProduct>? Products { get; init; }

    public DateTimeOffset? ProductsAt { get; init; }

    /// <summary>Left out while it never told its repositories (repositories.refresh).</summary>
    public IReadOnlyList<MinionRepositoryView>? Repositories { get; init; }

    public DateTimeOffset? RepositoriesAt { get; init; }

    /// <summary>On record, and not enabled on the minion; left out where one of the two is not known.</summary>
    public IReadOnlyList<string>? Missing { get; init; }

    /// <summary>Enabled on the minion, and no channel on record.</summary>
    public IReadOnlyList<string>? Foreign { get; init; }
}
