using System.Globalization;
using Saltern.Rig;
using Saltern.Server.Channels.Import;

namespace Saltern.Bench;

/// <summary>Lists of SUSE's size: 1,500 products in 50 service packs, and 5,000 channels.</summary>
internal static class SuseLists
{
    private const int ServicePacks = 50;
    private const int ModulesOfEach = 29;
    private const int ChannelsOfEach = 3;

    public const int Products = ServicePacks * (1 + ModulesOfEach);

    public static async Task ImportAsync(CoreRig rig, string scc, string tree)
    {
        await ImportAsync(rig, ImportFormat.Scc, scc);
        await ImportAsync(rig, ImportFormat.ProductTree, tree);
    }

    private static async Task ImportAsync(CoreRig rig, ImportFormat format, string text)
    {
        if (ImportReader.Read(format, text, null) is not ImportReading.Understood read)
        {
            throw new UnfinishedWorkException($"the list of the format {format} was refused");
        }

        await rig.Get<ProductImports>().ImportAsync(read.Import, "bench", dryRun: false, CancellationToken.None);
    }

    public static string Scc() => Text(Enumerable.Range(0, ServicePacks).Select(pack => Product(
        Root(pack), "SLES", pack, "base",
        Text(Enumerable.Range(1, ModulesOfEach).Select(module => Product(
            Root(pack) + module, $"module{module}", pack, "module", "[]"))))));

    private static string Product(int id, string name, int pack, string kind, string extensions)
    {
        var before = Enumerable.Range(1, 2).Where(back => pack >= back).Select(back => id - (back * 100));
        return $$"""
            {"id": {{id}}, "identifier": "{{name}}", "version": "15.{{pack}}", "arch": "x86_64",
             "friendly_name": "{{name}} 15 SP{{pack}} x86_64", "release_stage": "released",
             "product_type": "{{kind}}", "online_predecessor_ids": [{{string.Join(',', before)}}],
             "repositories": [{"id": {{id}}, "name": "{{name}}-{{pack}}-Pool", "distro_target": "sle-15-x86_64",
                               "url": "https://updates.example.com/scc/{{id}}/", "enabled": true}],
             "extensions": {{extensions}}}
            """;
    }

    /// <summary>Four channels for each third product and three for the others: 5,000.</summary>
    public static string Tree(string folder) => Text(
        from pack in Enumerable.Range(0, ServicePacks)
        from module in Enumerable.Range(0, 1 + ModulesOfEach)
        from channel in Enumerable.Range(0, module % 3 == 0 ? ChannelsOfEach + 1 : ChannelsOfEach)
        select Channel(Root(pack), Root(pack) + module, channel, folder));

    private static string Channel(int root, int product, int number, string folder)
    {
        var parent = product == root && number == 0
            ? "null"
            : string.Create(CultureInfo.InvariantCulture, $"\"channel-{root}-0-x86_64\"");
        return $$"""
            {"channel_label": "channel-{{product}}-{{number}}-x86_64", "parent_channel_label": {{parent}},
             "product_id": {{product}}, "root_product_id": {{root}}, "parent_product_id": {{root}},
             "url": "https://updates.example.com/{{folder}}{{product}}/{{number}}/", "release_stage": "released",
             "mandatory": {{(number < 2 ? "true" : "false")}}, "recommended": false, "signed": true,
             "channel_name": "Channel {{product}} {{number}}"}
            """;
    }

    public static int Root(int pack) => 100_000 + (pack * 100);

    private static string Text(IEnumerable<string> entries) => $"[{string.Join(',', entries)}]";
}
