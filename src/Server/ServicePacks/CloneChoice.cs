using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Which channel a minion gets for one of a target: the original, or, where the minion has clones now, the clone of the
/// same family. A product that follows another keeps to the family of that one's channels; a new product, and one whose
/// channels are not assigned, to that of the base channel.
/// </summary>
internal sealed class CloneChoice
{
    private readonly ProductCatalogue catalogue;
    private readonly string? baseFamily;
    private readonly Dictionary<string, string?> familyByProduct = [];

    public CloneChoice(
        ProductCatalogue catalogue, Product from, IReadOnlyList<Product> extensions, ChannelAssignment? assigned)
    {
        this.catalogue = catalogue;
        if (assigned is null)
        {
            return;
        }

        baseFamily = catalogue.Clone(assigned.BaseLabel)?.Family;
        var originals = assigned.Labels
            .Select(label => (Label: label, Clone: catalogue.Clone(label)))
            .ToLookup(one => one.Clone?.Original ?? one.Label);
        var owned = new HashSet<string>();
        foreach (var product in extensions.Prepend(from))
        {
            var labels = catalogue.Channels(product.Id, from.Id).Select(row => row.Label)
                .Where(originals.Contains).ToList();
            owned.UnionWith(labels);
            var ofProduct = labels.SelectMany(label => originals[label]).ToList();
            if (ofProduct.Count > 0)
            {
                familyByProduct[product.Id] = ofProduct.Find(one => one.Clone is not null).Clone?.Family;
            }
        }

        OtherChannels = [.. originals.Where(one => !owned.Contains(one.Key)).SelectMany(one => one)
            .Select(one => one.Label).Order(StringComparer.Ordinal)];
    }

    /// <summary>Assigned channels of none of the minion's products.</summary>
    public IReadOnlyList<string> OtherChannels { get; } = [];

    /// <summary>The channel for a row of a target.</summary>
    /// <param name="from">The product that this one follows; null for the base product.</param>
    public TargetChannel Choose(ProductChannel row, Product product, Product? from)
    {
        var family = from is not null && familyByProduct.TryGetValue(from.Id, out var own) ? own : baseFamily;
        var original = catalogue.Channel(row.Label);
        var clone = family is null ? null : catalogue.CloneOf(row.Label, family);
        var chosen = family is null ? original : clone is null ? null : catalogue.Channel(clone.Label);
        var found = chosen is null ? ChannelAvailability.Unknown : catalogue.AvailabilityOf(chosen);
        return new TargetChannel(
            chosen?.Label ?? row.Label, row.Label, original?.Name ?? row.Label,
            chosen is null ? null : catalogue.UrlOf(chosen), product,
            from is null && original is { ParentLabel: null }, row.Mandatory, row.Recommended, found,
            Problem(row, family, chosen, found));
    }

    private static WhyNot? Problem(
        ProductChannel row, string? family, SoftwareChannel? chosen, ChannelAvailability found)
    {
        if (chosen is null)
        {
            return family is null
                ? new(WhyNotCode.ChannelMissing, row.Label, $"the channel {row.Label} is in no list of products")
                : new(WhyNotCode.CloneMissing, row.Label, $"the channel {row.Label} has no clone in '{family}'");
        }

        return found.Available is false
            ? new(
                WhyNotCode.ChannelUnreachable, chosen.Label,
                $"the channel {chosen.Label} is unreachable: {found.Reason}")
            : null;
    }
}
