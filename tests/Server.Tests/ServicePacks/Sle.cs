using System.Globalization;
using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>
/// Small lists in the shapes of SUSE Customer Center and SUSE Manager: SLES 15 SP3 to SP6 with the modules Basesystem
/// and, below it, Server Applications; SP5 may follow SP3 and SP4, SP6 only SP5; and an extension that ends with SP4.
/// </summary>
internal static class Sle
{
    public static string Scc { get; } = $"[{string.Join(',', Enumerable.Range(3, 4).Select(Sles))}]";

    public static string Tree { get; } = $"[{string.Join(',', Enumerable.Range(3, 4).SelectMany(Entries))}]";

    public static ProductImport Read(ImportFormat format, string text) =>
        Assert.IsType<ImportReading.Understood>(ImportReader.Read(format, text, null)).Import;

    /// <summary>The catalogue of both lists, changed by a test.</summary>
    public static ProductCatalogue Catalogue(Func<CatalogueRows, CatalogueRows>? change = null)
    {
        var (scc, tree) = (Read(ImportFormat.Scc, Scc), Read(ImportFormat.ProductTree, Tree));
        var rows = new CatalogueRows
        {
            Products = scc.Products,
            Extensions = [.. tree.Extensions, .. scc.Extensions],
            Successors = scc.Successors,
            Channels = [.. tree.Channels, .. scc.Channels],
            ProductChannels =
            [
                .. tree.ProductChannels.Select(row => ("product-tree", row)),
                .. scc.ProductChannels.Select(row => ("scc", row)),
            ],
        };
        return new ProductCatalogue(change?.Invoke(rows) ?? rows);
    }

    public static InstalledProduct Sles15(int servicePack) => new("SLES", $"15.{servicePack}", "0", "x86_64", true);

    public static InstalledProduct Module(string name, int servicePack) =>
        new(name, $"15.{servicePack}", "0", "x86_64", false);

    public static string Pool(int servicePack) => $"sle-product-sles15-sp{servicePack}-pool-x86_64";

    private static string Sles(int pack)
    {
        var online = pack == 5 ? "103, 104" : pack == 3 ? "" : $"{99 + pack}";
        var legacy = pack > 4 ? "" : $",{Product(400 + pack, "sle-we", pack, "extension", pack == 3 ? "" : "403", "")}";
        var server = Product(300 + pack, "sle-module-server-applications", pack, "module", Before(300, pack), "");
        var basesystem = Product(200 + pack, "sle-module-basesystem", pack, "module", Before(200, pack), server);
        return Product(100 + pack, "SLES", pack, "base", online, basesystem + legacy);
    }

    private static string Before(int first, int pack) => pack switch
    {
        3 => "",
        5 => $"{first + 3}, {first + 4}",
        _ => $"{first + pack - 1}",
    };

    private static string Product(int id, string name, int pack, string kind, string online, string extensions) => $$"""
        {"id": {{id}}, "identifier": "{{name}}", "version": "15.{{pack}}", "arch": "x86_64", "release_type": null,
         "friendly_name": "{{name}} 15 SP{{pack}} x86_64", "release_stage": "released", "product_type": "{{kind}}",
         "online_predecessor_ids": [{{online}}], "offline_predecessor_ids": [{{(kind == "base" ? "50" : "")}}],
         "repositories": [
           {"id": {{id}}1, "name": "{{name}}15-SP{{pack}}-Pool", "distro_target": "sle-15-x86_64", "enabled": true,
            "url": "https://updates.example.com/{{name}}/{{pack}}/product/", "installer_updates": false},
           {"id": {{id}}2, "name": "Installer-{{pack}}", "distro_target": "sle-15-x86_64", "enabled": true,
            "url": "https://updates.example.com/installer/{{pack}}/", "installer_updates": true}],
         "extensions": [{{extensions}}]}
        """;

    private static IEnumerable<string> Entries(int pack)
    {
        var root = 100 + pack;
        yield return Entry(Pool(pack), null, root, null, root, true);
        yield return Entry($"sle-product-sles15-sp{pack}-updates-x86_64", Pool(pack), root, null, root, true);
        yield return Entry($"sle-product-sles15-sp{pack}-debuginfo-x86_64", Pool(pack), root, null, root, false);
        yield return Entry($"basesystem15-sp{pack}-pool-x86_64", Pool(pack), 200 + pack, root, root, true);
        yield return Entry($"server15-sp{pack}-pool-x86_64", Pool(pack), 300 + pack, 200 + pack, root, true);
        if (pack <= 4)
        {
            yield return Entry($"we15-sp{pack}-pool-x86_64", Pool(pack), 400 + pack, root, root, true);
        }
    }

    private static string Entry(
        string label, string? above, int product, int? parent, int root, bool mandatory) => $$"""
        {"channel_label": "{{label}}", "parent_channel_label": {{(above is null ? "null" : $"\"{above}\"")}},
         "product_id": {{product}}, "repository_id": -1, "root_product_id": {{root}}, "update_tag": null,
         "parent_product_id": {{parent?.ToString(CultureInfo.InvariantCulture) ?? "null"}},
         "url": "https://updates.example.com/{{label}}/", "release_stage": "released", "signed": true,
         "mandatory": {{(mandatory ? "true" : "false")}}, "recommended": false, "channel_name": "{{label}}"}
        """;
}
