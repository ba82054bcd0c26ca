using System.Text.Json;

namespace Saltern.Server.Channels.Import;

/// <summary>
/// Reads SUSE Customer Center's list of products: base products with their extensions nested in them, each with its
/// repositories and predecessors. The same extension stands below every base product it runs on. The list knows no
/// labels of channels; they are made of the repository's name and architecture, as SUSE Manager's are. Repositories
/// that only an installer uses are left out.
/// </summary>
internal sealed class SccProducts
{
    private const int DeepestNesting = 32;

    private readonly ImportErrors errors;
    private readonly Dictionary<string, Product> products = [];
    private readonly HashSet<ProductExtension> extensions = [];
    private readonly HashSet<ProductSuccessor> successors = [];
    private readonly Dictionary<string, SoftwareChannel> channels = [];
    private readonly Dictionary<string, string> labelsByUrl = [];
    private readonly Dictionary<(string Product, string Root, string Label), ProductChannel> productChannels = [];

    private SccProducts(ImportErrors errors) => this.errors = errors;

    public static ProductImport Read(JsonElement document, string source, ImportErrors errors)
    {
        var reading = new SccProducts(errors);
        foreach (var entry in ImportEntry.Each(document, "", errors))
        {
            reading.Add(entry, null, null, null, 0);
        }

        if (reading.products.Count == 0 && errors.Count == 0)
        {
            errors.Add("document", "It lists no product; a list with at least one is needed.");
        }

        return new ProductImport
        {
            Source = source,
            Format = ImportFormat.Scc,
            Products = [.. reading.products.Values],
            Extensions = [.. reading.extensions.DistinctBy(one => (one.ProductId, one.RootId, one.ParentId))],
            Successors = [.. reading.successors],
            Channels = [.. reading.channels.Values],
            ProductChannels = [.. reading.productChannels.Values],
        };
    }

    private void Add(ImportEntry entry, string? root, string? parent, string? baseChannel, int depth)
    {
        if (depth > DeepestNesting)
        {
            entry.Refuse("extensions", $"Extensions are nested deeper than {DeepestNesting} levels.");
            return;
        }

        var product = ReadProduct(entry, root is null);
        products.TryAdd(product.Id, product);
        AddPredecessors(entry, product);
        if (root is null && product.Kind is ProductKind.Base)
        {
            root = product.Id;
        }
        else if (root is not null)
        {
            extensions.Add(new(product.Id, root, parent!, entry.Flag("recommended", false)));
        }

        baseChannel = AddRepositories(entry, product, root, baseChannel);
        foreach (var extension in entry.Entries("extensions"))
        {
            Add(extension, root, product.Id, baseChannel, depth + 1);
        }
    }

    private static Product ReadProduct(ImportEntry entry, bool isTop)
    {
        var kind = entry.Word("product_type", isTop ? "base" : "extension", "base", "module", "extension");
        var name = entry.Text("identifier");
        var version = entry.TextOrNull("version") ?? "";
        var arch = entry.TextOrNull("arch");
        return new Product(
            entry.Id("id"), name, version, entry.TextOrNull("release_type"), arch,
            Enum.Parse<ProductKind>(kind, ignoreCase: true),
            Title(entry.TextOrNull("friendly_name") ?? name, version, arch),
            entry.TextOrNull("release_stage") ?? Product.Released);
    }

    /// <summary>Friendly names hold version and architecture or not; two products must not look the same.</summary>
    private static string Title(string friendly, string version, string? arch)
    {
        var title = friendly;
        var number = version.Split('.')[0];
        title += number.Length > 0 && !title.Contains(number, StringComparison.Ordinal) ? $" {version}" : "";
        return arch is not null && !title.Contains(arch, StringComparison.Ordinal) ? $"{title} {arch}" : title;
    }

    private void AddPredecessors(ImportEntry entry, Product product)
    {
        var online = entry.Ids("online_predecessor_ids");
        var offline = entry.Ids("offline_predecessor_ids");
        // Older lists do not tell one kind from the other.
        online = online.Count + offline.Count == 0 ? entry.Ids("predecessor_ids") : online;
        successors.UnionWith(online.Select(from => new ProductSuccessor(from, product.Id, true)));
        successors.UnionWith(offline.Select(from => new ProductSuccessor(from, product.Id, false)));
    }

    /// <summary>The base channel for what is below this product.</summary>
    private string? AddRepositories(ImportEntry entry, Product product, string? root, string? baseChannel)
    {
        var repositories = entry.Entries("repositories")
            .Where(repository => !repository.Flag("installer_updates", false))
            .Select(repository => (
                Name: repository.Text("name"), Url: repository.Url("url"), Enabled: repository.Flag("enabled", false),
                Target: repository.TextOrNull("distro_target"), Id: repository.Id("id")))
            .OrderByDescending(repository => repository.Enabled)
            .ThenByDescending(repository => repository.Name.EndsWith("Pool", StringComparison.OrdinalIgnoreCase))
            .ToList();
        foreach (var (name, url, enabled, target, id) in repositories.Where(one => one.Name.Length > 0))
        {
            var arch = Architectures.In(target) ?? product.Arch;
            var label = LabelOf(name, url, arch, id);
            channels.TryAdd(label, new SoftwareChannel(label, name, url, arch, baseChannel, true));
            baseChannel ??= label;
            if (root is not null)
            {
                productChannels.TryAdd(
                    (product.Id, root, label), new ProductChannel(product.Id, root, label, enabled, false));
            }
        }

        return baseChannel;
    }

    private string LabelOf(string name, string url, string? arch, string id)
    {
        if (labelsByUrl.TryGetValue(url, out var known))
        {
            return known;
        }

        var label = string.Concat(name.ToLowerInvariant().Select(
            letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-'));
        label = arch is null || label.EndsWith(arch, StringComparison.Ordinal) ? label : $"{label}-{arch}";
        label = channels.ContainsKey(label) ? $"{label}-{id}" : label;
        labelsByUrl.Add(url, label);
        return label;
    }
}
