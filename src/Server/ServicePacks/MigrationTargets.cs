using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Where a minion can go: each successor of its base product together with each choice of what its extensions become
/// on it. Pure. Service packs are skipped exactly where the lists name a successor that skips them. An extension that
/// runs on the new base product unchanged may stay as it is (SLE 12 modules do).
/// </summary>
internal static class MigrationTargets
{
    /// <summary>Choices of extensions that are looked at for one base product; the newest come first.</summary>
    public const int MostChoices = 32;

    /// <summary>Reckons the targets.</summary>
    /// <param name="installed">What the minion told of its products; null where it never did.</param>
    /// <param name="assigned">The channels on record for it; null where none are.</param>
    /// <param name="towards">The id of the only base product that is of interest; null for all.</param>
    public static MinionTargets For(
        ProductCatalogue catalogue, IReadOnlyList<InstalledProduct>? installed, ChannelAssignment? assigned,
        string? towards = null)
    {
        if (installed is null)
        {
            return MinionTargets.None(
                WhyNotCode.ProductsNeverRead, null, "it never told its products; schedule products.refresh for it");
        }

        if (installed.FirstOrDefault(one => one.IsBase) is not { } told)
        {
            return MinionTargets.None(
                WhyNotCode.NoBaseProduct, null, "none of the products it told is a base product");
        }

        if (catalogue.Find(told) is not { } from)
        {
            return MinionTargets.None(
                WhyNotCode.BaseProductUnknown, told.ToString(), $"{told} is in no list of products that was imported");
        }

        var others = installed.Where(one => one != told).Select(one => (Told: one, Known: catalogue.Find(one)))
            .Where(one => one.Known?.Id != from.Id).ToList();
        var extensions = others.Select(one => one.Known).OfType<Product>().ToList();
        var unknown = others.Where(one => one.Known is null).Select(one => one.Told.ToString()).ToList();
        var clones = new CloneChoice(catalogue, from, extensions, assigned);
        var (bases, whyNot) = BasesAfter(catalogue, from);
        var leftOut = new List<Product>();
        return new MinionTargets
        {
            Base = from,
            Extensions = [.. extensions.Select(one => one.Title), .. unknown],
            WhyNot = whyNot is null ? [] : [whyNot],
            Targets = [.. bases.Where(to => towards is null || to.Id == towards)
                .SelectMany(to => TargetsOn(catalogue, to, extensions, unknown, clones, leftOut))],
            ChoicesLeftOut = leftOut,
            OtherChannels = clones.OtherChannels,
        };
    }

    private static (IReadOnlyList<Product> Bases, WhyNot? WhyNot) BasesAfter(ProductCatalogue catalogue, Product from)
    {
        var known = catalogue.Successors(from.Id)
            .Select(one => (one.Online, Product: catalogue.Find(one.ToId)))
            .Where(one => one.Product is { Kind: ProductKind.Base })
            .ToList();
        var online = known.Where(one => one.Online).Select(one => one.Product!).Distinct().ToList();
        var released = online.Where(one => one.Stage == Product.Released)
            .OrderDescending(ProductVersions.Order).ToList();
        if (released.Count > 0)
        {
            return (released, null);
        }

        return ([], (online.Count, known.Count) switch
        {
            (0, 0) => new WhyNot(
                WhyNotCode.NoSuccessor, from.Title, $"no successor of {from.Title} is in the lists of products"),
            (0, _) => new WhyNot(
                WhyNotCode.OnlyOffline, from.Title, "the running system cannot be upgraded to "
                + $"{Titles(known.Select(one => one.Product!))}, only from an installation medium"),
            _ => new WhyNot(WhyNotCode.NotReleased, from.Title, $"{Titles(online)} is not released"),
        });
    }

    private static IEnumerable<MigrationTarget> TargetsOn(
        ProductCatalogue catalogue, Product to, IReadOnlyList<Product> extensions, IReadOnlyList<string> unknown,
        CloneChoice clones, List<Product> leftOut)
    {
        var moves = extensions.Select(one => (From: one, To: Choices(catalogue, one, to))).ToList();
        var without = moves.Where(move => move.To.Count == 0).Select(move => move.From.Title).Concat(unknown).ToList();
        var choices = Combine([.. moves.Where(move => move.To.Count > 0)]).Take(MostChoices + 1).ToList();
        if (choices.Count > MostChoices)
        {
            leftOut.Add(to);
        }

        return choices.Take(MostChoices).Select(chosen => Target(catalogue, to, chosen, without, clones));
    }

    /// <summary>What an extension can become on a base product: a successor, or itself; the newest first.</summary>
    private static List<Product> Choices(ProductCatalogue catalogue, Product extension, Product root) =>
        [.. catalogue.Successors(extension.Id).Where(one => one.Online)
            .Select(one => catalogue.Find(one.ToId)).OfType<Product>()
            .Append(extension)
            .Where(one => one.Stage == Product.Released && catalogue.Extensions(one.Id, root.Id).Any())
            .Distinct()
            .OrderDescending(ProductVersions.Order)];

    /// <summary>Every choice of one product for each extension, lazily; the newest of all first.</summary>
    private static IEnumerable<IReadOnlyList<ExtensionMove>> Combine(
        IReadOnlyList<(Product From, List<Product> To)> moves)
    {
        IEnumerable<IReadOnlyList<ExtensionMove>> chosen = [[]];
        foreach (var (from, choices) in moves)
        {
            chosen = chosen.SelectMany(
                before => choices, IReadOnlyList<ExtensionMove> (before, to) => [.. before, new(from, to)]);
        }

        return chosen;
    }

    private static MigrationTarget Target(
        ProductCatalogue catalogue, Product to, IReadOnlyList<ExtensionMove> extensions, IReadOnlyList<string> without,
        CloneChoice clones)
    {
        var channels = new List<TargetChannel>();
        var whyNot = new List<WhyNot>(without.Select(title => new WhyNot(
            WhyNotCode.ExtensionWithoutSuccessor, title, $"{title} has no successor on {to.Title}")));
        whyNot.AddRange(ProductsNeeded(catalogue, to, extensions));
        foreach (var (product, from) in extensions.Select(move => (move.To, (Product?)move.From)).Prepend((to, null)))
        {
            var rows = catalogue.Channels(product.Id, to.Id);
            // A module may have no repository of its own (it groups others); a base product without one is a gap.
            if (rows.Count == 0 && product == to)
            {
                whyNot.Add(new(
                    WhyNotCode.NoChannels, product.Title,
                    $"no channel of {product.Title} is in the lists of products"));
            }

            channels.AddRange(rows.Select(row => clones.Choose(row, product, from)));
        }

        channels = [.. channels.DistinctBy(channel => channel.Label)
            .OrderByDescending(channel => channel.IsBase).ThenByDescending(channel => channel.Mandatory)
            .ThenByDescending(channel => channel.Recommended).ThenBy(channel => channel.Label, StringComparer.Ordinal)];
        whyNot.AddRange(channels.Where(channel => channel.Mandatory).Select(channel => channel.Problem)
            .OfType<WhyNot>());
        return new MigrationTarget
        {
            Base = to, Extensions = extensions, WithoutSuccessor = without, Channels = channels, WhyNot = whyNot,
        };
    }

    /// <summary>What extensions need and the target does not have: each needs one of its parents.</summary>
    private static IEnumerable<WhyNot> ProductsNeeded(
        ProductCatalogue catalogue, Product to, IReadOnlyList<ExtensionMove> extensions)
    {
        var present = extensions.Select(move => move.To.Id).Append(to.Id).ToHashSet();
        return extensions.Select(move => move.To)
            .Select(product => (product, Parents: catalogue.Extensions(product.Id, to.Id).ToList()))
            .Where(one => !one.Parents.Any(parent => present.Contains(parent.ParentId)))
            .Select(one => (one.product, Needed: string.Join(
                " or ", one.Parents.Select(parent => catalogue.Find(parent.ParentId)?.Title ?? parent.ParentId))))
            .Select(one => new WhyNot(
                WhyNotCode.ProductNeeded, one.product.Title, $"{one.product.Title} needs {one.Needed} on {to.Title}"));
    }

    private static string Titles(IEnumerable<Product> products) => string.Join(
        " or ", products.Distinct().OrderDescending(ProductVersions.Order).Select(one => one.Title));
}
