namespace Saltern.Server.Channels.Import;

/// <summary>What a file says, read and checked; the rows of its source are to become these.</summary>
internal sealed record ProductImport
{
    /// <summary>Whose rows are replaced: scc, product-tree, upgrade-paths or yaml:&lt;name&gt;.</summary>
    public required string Source { get; init; }

    public required ImportFormat Format { get; init; }

    public IReadOnlyList<Product> Products { get; init; } = [];

    public IReadOnlyList<ProductExtension> Extensions { get; init; } = [];

    public IReadOnlyList<ProductSuccessor> Successors { get; init; } = [];

    public IReadOnlyList<SoftwareChannel> Channels { get; init; } = [];

    public IReadOnlyList<ProductChannel> ProductChannels { get; init; } = [];
}
