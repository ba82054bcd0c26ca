namespace Saltern.Server.Channels;

/// <summary>What a catalogue is made of; rows of the source with precedence come first.</summary>
internal sealed record CatalogueRows
{
    public IReadOnlyList<Product> Products { get; init; } = [];

    public IReadOnlyList<ProductExtension> Extensions { get; init; } = [];

    public IReadOnlyList<ProductSuccessor> Successors { get; init; } = [];

    public IReadOnlyList<SoftwareChannel> Channels { get; init; } = [];

    public IReadOnlyList<(string Source, ProductChannel Channel)> ProductChannels { get; init; } = [];

    public IReadOnlyList<ChannelClone> Clones { get; init; } = [];

    public IReadOnlyList<ChannelMirror> Mirrors { get; init; } = [];

    public IReadOnlyList<(string Url, ChannelAvailability Found)> Availability { get; init; } = [];
}
