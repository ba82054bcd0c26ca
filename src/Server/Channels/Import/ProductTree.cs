using System.Text.Json;

namespace Saltern.Server.Channels.Import;

/// <summary>
/// Reads SUSE Manager's product_tree.json: one entry for each channel of a product on a base product. It has the labels
/// that SUSE gives to channels, and which of them are mandatory; products are named by their numbers alone.
/// </summary>
internal static class ProductTree
{
    public static ProductImport Read(JsonElement document, string source, ImportErrors errors)
    {
        var extensions = new Dictionary<(string, string, string), ProductExtension>();
        var channels = new Dictionary<string, SoftwareChannel>();
        var productChannels = new Dictionary<(string, string, string), ProductChannel>();
        foreach (var entry in ImportEntry.Each(document, "", errors))
        {
            var (product, root) = (entry.Id("product_id"), entry.Id("root_product_id"));
            var parent = entry.IdOrNull("parent_product_id") ?? root;
            var label = entry.Label("channel_label");
            var recommended = entry.Flag("recommended", false);
            if (product != root)
            {
                extensions.TryAdd((product, root, parent), new(product, root, parent, recommended));
            }

            channels.TryAdd(label, ReadChannel(entry, label));
            productChannels.TryAdd(
                (product, root, label), new(product, root, label, entry.Flag("mandatory", false), recommended));
        }

        if (channels.Count == 0 && errors.Count == 0)
        {
            errors.Add("document", "It lists no channel; a list with at least one is needed.");
        }

        return new ProductImport
        {
            Source = source,
            Format = ImportFormat.ProductTree,
            Extensions = [.. extensions.Values],
            Channels = [.. channels.Values],
            ProductChannels = [.. productChannels.Values],
        };
    }

    private static SoftwareChannel ReadChannel(ImportEntry entry, string label) => new(
        label, entry.TextOrNull("channel_name") ?? label, entry.Url("url"),
        Architectures.In(label), entry.LabelOrNull("parent_channel_label"), entry.Flag("signed", true));
}
