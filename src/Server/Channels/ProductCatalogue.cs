using System.Collections.Frozen;

namespace Saltern.Server.Channels;

/// <summary>
/// All that is known of products and software channels, as one value to reckon with. What sources say of the same
/// thing, the one with precedence says: rows are given in that order, the first wins. Of the channels of a product on a
/// base product a source tells all or none: SUSE Manager's tree knows labels that SUSE Customer Center does not.
/// </summary>
internal sealed class ProductCatalogue
{
    private readonly FrozenDictionary<string, Product> products;
    private readonly ILookup<(string Name, string Version), Product> byName;
    private readonly ILookup<(string Product, string Root), ProductExtension> extensions;
    private readonly ILookup<string, ProductSuccessor> successors;
    private readonly FrozenDictionary<string, SoftwareChannel> channels;
    private readonly FrozenDictionary<(string Product, string Root), IReadOnlyList<ProductChannel>> productChannels;
    private readonly FrozenDictionary<string, ChannelClone> clones;
    private readonly FrozenDictionary<(string Original, string Family), ChannelClone> clonesOf;
    private readonly ChannelMirrors mirrors;
    private readonly Dictionary<string, ChannelAvailability> availability;

    public ProductCatalogue(CatalogueRows rows)
    {
        products = rows.Products.DistinctBy(product => product.Id).ToFrozenDictionary(product => product.Id);
        // Of two products that look the same to a minion, the one without a release type is the usual one.
        byName = products.Values.OrderBy(product => product.ReleaseType is not null)
            .ThenBy(product => product.Id, StringComparer.Ordinal)
            .ToLookup(product => (product.Name.ToLowerInvariant(), product.Version));
        extensions = rows.Extensions.ToLookup(one => (one.ProductId, one.RootId));
        successors = rows.Successors.Distinct().ToLookup(one => one.FromId);
        channels = rows.Channels.DistinctBy(channel => channel.Label).ToFrozenDictionary(channel => channel.Label);
        productChannels = rows.ProductChannels
            .GroupBy(row => (row.Channel.ProductId, row.Channel.RootId))
            .ToFrozenDictionary(
                group => group.Key,
                IReadOnlyList<ProductChannel> (group) =>
                    [.. group.TakeWhile(row => row.Source == group.First().Source).Select(row => row.Channel)]);
        clones = rows.Clones.ToFrozenDictionary(clone => clone.Label);
        clonesOf = rows.Clones.ToFrozenDictionary(clone => (clone.Original, clone.Family));
        mirrors = new ChannelMirrors(rows.Mirrors);
        availability = rows.Availability.ToDictionary(one => one.Url, one => one.Found);
    }

    private ProductCatalogue(ProductCatalogue other, IEnumerable<(string Url, ChannelAvailability Found)> found)
    {
        products = other.products;
        byName = other.byName;
        extensions = other.extensions;
        successors = other.successors;
        channels = other.channels;
        productChannels = other.productChannels;
        clones = other.clones;
        clonesOf = other.clonesOf;
        mirrors = other.mirrors;
        availability = found.ToDictionary(one => one.Url, one => one.Found);
    }

    /// <summary>The same with what checks of channels found.</summary>
    public ProductCatalogue With(IEnumerable<(string Url, ChannelAvailability Found)> found) => new(this, found);

    public Product? Find(string id) => products.GetValueOrDefault(id);

    /// <summary>The product that a minion tells of; null where no source lists it.</summary>
    public Product? Find(InstalledProduct installed)
    {
        var named = byName[(installed.Name.ToLowerInvariant(), installed.Version)];
        return named.FirstOrDefault(product => product.Arch == installed.Arch)
            ?? named.FirstOrDefault(product => product.Arch is null || installed.Arch is null);
    }

    /// <summary>How a product is installed on a base product; none if it cannot be.</summary>
    public IEnumerable<ProductExtension> Extensions(string product, string root) => extensions[(product, root)];

    public IEnumerable<ProductSuccessor> Successors(string product) => successors[product];

    public IReadOnlyList<ProductChannel> Channels(string product, string root) =>
        productChannels.GetValueOrDefault((product, root)) ?? [];

    /// <summary>A channel by its label, also a clone.</summary>
    public SoftwareChannel? Channel(string label)
    {
        if (channels.TryGetValue(label, out var channel))
        {
            return channel;
        }

        return clones.TryGetValue(label, out var clone)
            ? channels.TryGetValue(clone.Original, out var original)
                ? original with { Label = label, Name = label, Url = clone.Url }
                : new SoftwareChannel(label, label, clone.Url, null, null, true)
            : null;
    }

    /// <summary>The clone of this label; null for what is none.</summary>
    public ChannelClone? Clone(string label) => clones.GetValueOrDefault(label);

    public ChannelClone? CloneOf(string original, string family) => clonesOf.GetValueOrDefault((original, family));

    /// <summary>Where the channel is fetched from: its own address, or the mirror's.</summary>
    public string UrlOf(SoftwareChannel channel) => mirrors.Apply(channel.Url);

    public ChannelAvailability AvailabilityOf(SoftwareChannel channel) =>
        availability.GetValueOrDefault(UrlOf(channel)) ?? ChannelAvailability.Unknown;
}
