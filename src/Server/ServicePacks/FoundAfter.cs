using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Compares what a minion tells after a run that succeeded with what it was to have. Pure. Repositories of others are
/// no matter, unless the order was to switch them off, or unless they are channels of before.
/// </summary>
internal static class FoundAfter
{
    private const string Ours = "saltern:";

    /// <summary>What differs, a line for each; nothing where all is as ordered.</summary>
    /// <param name="catalogue">All that is known of products and channels.</param>
    /// <param name="expected">The products it should have, and whether these are all.</param>
    /// <param name="told">The products it had.</param>
    /// <param name="installed">The products it has.</param>
    /// <param name="before">The channels it had.</param>
    /// <param name="after">The channels it should have.</param>
    /// <param name="repositories">The repositories it has.</param>
    /// <param name="foreignOff">Whether repositories of others were to be switched off.</param>
    public static IReadOnlyList<string> Differences(
        ProductCatalogue catalogue, (IReadOnlyList<Product> Products, bool AreAll) expected,
        IReadOnlyList<InstalledProduct> told, IReadOnlyList<InstalledProduct> installed, ChannelAssignment? before,
        ChannelAssignment after, IReadOnlyList<MinionRepository> repositories, bool foreignOff) =>
    [
        .. OfProducts(catalogue, expected, told, installed),
        .. OfChannels(catalogue, before, after, repositories, foreignOff),
    ];

    private static IEnumerable<string> OfProducts(
        ProductCatalogue catalogue, (IReadOnlyList<Product> Products, bool AreAll) expected,
        IReadOnlyList<InstalledProduct> told, IReadOnlyList<InstalledProduct> installed)
    {
        foreach (var product in expected.Products.Where(product => !installed.Any(one => Is(catalogue, one, product))))
        {
            yield return $"{Name(product)} is not installed";
        }

        foreach (var one in installed.Where(one => (expected.AreAll || one.IsBase)
            && !expected.Products.Any(product => Is(catalogue, one, product))))
        {
            yield return told.Any(old => (old.Name, old.Version, old.Arch) == (one.Name, one.Version, one.Arch))
                ? $"{one} is still installed"
                : $"{one} is installed besides";
        }
    }

    private static IEnumerable<string> OfChannels(
        ProductCatalogue catalogue, ChannelAssignment? before, ChannelAssignment after,
        IReadOnlyList<MinionRepository> repositories, bool foreignOff)
    {
        var found = RepositoryDifference.Of(after, repositories, catalogue);
        foreach (var label in found.Missing)
        {
            yield return $"channel {label} is none of its repositories";
        }

        var others = found.Foreign.ToLookup(one => one.Alias.StartsWith(Ours, StringComparison.Ordinal));
        foreach (var one in others[true])
        {
            yield return $"repository {one.Alias} is none of the assigned channels";
        }

        if (foreignOff)
        {
            foreach (var one in others[false])
            {
                yield return $"repository {one.Alias} is still on";
            }
        }
        else if (before is not null)
        {
            var gone = RepositoryDifference.Of(before, [.. others[false]], catalogue).Missing;
            foreach (var label in before.Labels.Except(after.Labels).Except(gone))
            {
                yield return $"channel {label} of before is still one of its repositories";
            }
        }
    }

    private static bool Is(ProductCatalogue catalogue, InstalledProduct installed, Product product) =>
        catalogue.Find(installed)?.Id == product.Id
        || installed.Name.Equals(product.Name, StringComparison.OrdinalIgnoreCase)
            && installed.Version == product.Version
            && (installed.Arch is null || product.Arch is null || installed.Arch == product.Arch);

    private static string Name(Product product) => product.Arch is null
        ? $"{product.Name} {product.Version}"
        : $"{product.Name} {product.Version} {product.Arch}";
}
