using System.Text.Json;

namespace Saltern.Server.Channels.Import;

/// <summary>
/// Reads our own format, for products that no vendor lists for us. The example of docs/examples/leap.yaml explains it.
/// </summary>
internal sealed class YamlProducts
{
    private const int MostKeys = 10;
    private const int LongestKey = 32_768;
    private const string KeyBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

    private readonly ImportErrors errors;
    private readonly List<Product> products = [];
    private readonly List<ProductExtension> extensions = [];
    private readonly List<ProductSuccessor> successors = [];
    private readonly Dictionary<string, SoftwareChannel> channels = [];
    private readonly List<ProductChannel> productChannels = [];

    private YamlProducts(ImportErrors errors) => this.errors = errors;

    public static ProductImport Read(JsonElement document, ImportErrors errors)
    {
        var reading = new YamlProducts(errors);
        var source = "";
        if (document.ValueKind is JsonValueKind.Object)
        {
            var entry = new ImportEntry(document, "document", errors);
            entry.AllowOnly("source", "products");
            source = entry.Text("source");
            foreach (var product in ImportEntry.Each(Products(document), "products", errors))
            {
                reading.Add(product);
            }
        }
        else
        {
            errors.Add("document", "A mapping with the fields source and products is needed.");
        }

        reading.CheckIds();
        return new ProductImport
        {
            Source = $"yaml:{source}",
            Format = ImportFormat.Yaml,
            Products = reading.products,
            Extensions = reading.extensions,
            Successors = [.. reading.successors.Distinct()],
            Channels = [.. reading.channels.Values],
            ProductChannels = reading.productChannels,
        };
    }

    private static JsonElement Products(JsonElement document) =>
        document.TryGetProperty("products", out var products) ? products : default;

    private void Add(ImportEntry entry)
    {
        entry.AllowOnly(
            "id", "name", "version", "arch", "kind", "title", "stage", "on", "successorOf", "offlineSuccessorOf",
            "channels");
        var kind = Enum.Parse<ProductKind>(
            entry.Word("kind", "base", "base", "module", "extension"), ignoreCase: true);
        var (id, name, version) = (entry.Text("id"), entry.Text("name"), entry.Text("version"));
        var arch = entry.TextOrNull("arch");
        products.Add(new Product(
            id, name, version, null, arch, kind, entry.TextOrNull("title") ?? $"{name} {version} {arch}".Trim(),
            entry.Word("stage", Product.Released, Product.Released, "beta", "alpha")));
        successors.AddRange(entry.Texts("successorOf").Select(from => new ProductSuccessor(from, id, true)));
        successors.AddRange(entry.Texts("offlineSuccessorOf").Select(from => new ProductSuccessor(from, id, false)));
        var roots = entry.Texts("on");
        if (kind is ProductKind.Base == roots.Count > 0)
        {
            entry.Refuse("on", kind is ProductKind.Base
                ? "A base product runs on no other; leave it out, or set kind to module or extension."
                : $"The ids of the base products that this {kind.ToString().ToLowerInvariant()} runs on are needed.");
        }

        extensions.AddRange(roots.Distinct().Select(root => new ProductExtension(id, root, root, false)));
        AddChannels(entry, id, kind is ProductKind.Base ? [id] : [.. roots.Distinct()], arch, kind);
    }

    private void AddChannels(
        ImportEntry entry, string product, IReadOnlyList<string> roots, string? arch, ProductKind kind)
    {
        string? baseChannel = null;
        foreach (var channel in entry.Entries("channels"))
        {
            channel.AllowOnly(
                "label", "name", "url", "arch", "parent", "mandatory", "recommended", "signed", "gpgKeys");
            var label = channel.Label("label");
            var parent = channel.LabelOrNull("parent") ?? baseChannel;
            if (kind is not ProductKind.Base && parent is null)
            {
                channel.Refuse("parent", "The label of the base channel is needed for a channel of an extension.");
            }

            baseChannel ??= kind is ProductKind.Base ? label : parent;
            var read = new SoftwareChannel(
                label, channel.TextOrNull("name") ?? label, channel.Url("url"), channel.TextOrNull("arch") ?? arch,
                parent, channel.Flag("signed", true), GpgKeys(channel));
            if (!channels.TryAdd(label, read) && channels[label] != read)
            {
                channel.Refuse("label", $"'{label}' is described before with other fields; a label is one channel.");
            }

            var (mandatory, recommended) = (channel.Flag("mandatory", true), channel.Flag("recommended", false));
            productChannels.AddRange(
                roots.Select(root => new ProductChannel(product, root, label, mandatory, recommended)));
        }
    }

    /// <summary>Addresses, or keys as text, as a JSON list.</summary>
    private static string? GpgKeys(ImportEntry channel)
    {
        var keys = channel.Texts("gpgKeys", LongestKey).Select(key => key.Trim()).ToList();
        if (keys.Count > MostKeys)
        {
            channel.Refuse("gpgKeys", $"{keys.Count} are too many; up to {MostKeys} are allowed.");
        }

        foreach (var (index, _) in keys.Index().Where(key => !IsKey(key.Item)))
        {
            channel.Refuse(
                $"gpgKeys[{index}]", "This is neither the address of a key (https or file) nor a public key "
                + $"({KeyBegin}).");
        }

        return keys.Count == 0 ? null : JsonSerializer.Serialize(keys);
    }

    private static bool IsKey(string text) => text.StartsWith(KeyBegin, StringComparison.Ordinal)
        || Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "file"
            && url.UserInfo.Length == 0 && !text.Any(char.IsWhiteSpace);

    private void CheckIds()
    {
        foreach (var id in products.CountBy(product => product.Id).Where(id => id.Value > 1))
        {
            errors.Add("products", $"The id '{id.Key}' is given to {id.Value} products; each needs its own.");
        }

        foreach (var twice in productChannels.CountBy(one => (one.ProductId, one.RootId, one.Label))
            .Where(one => one.Value > 1))
        {
            errors.Add("products", $"Product '{twice.Key.ProductId}' lists the channel '{twice.Key.Label}' twice.");
        }

        if (products.Count == 0 && errors.Count == 0)
        {
            errors.Add("products", "It lists no product; at least one is needed.");
        }
    }
}
