using System.Globalization;
using System.Text;
using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>
/// Service packs that follow one another, each of them also upon several before it, so that a minion can be migrated
/// again and again while a run lasts. Each has two mandatory channels and an optional one.
/// </summary>
internal static class Ladder
{
    public const int Rungs = 24;

    /// <summary>A service pack can be skipped to from so many before it.</summary>
    private const int Reach = 8;

    /// <summary>A repository of somebody else, which is to stay as it is.</summary>
    public const string Foreign = "vendor";

    /// <summary>Who has assigned what minions have at first.</summary>
    public const string Actor = "first";

    private const string Urls = "https://mirror.example.com/";

    /// <summary>The list of products in our own format, for an import.</summary>
    public static string Yaml { get; } = Write();

    /// <summary>What minions have at first.</summary>
    public static string First => Labels(1);

    public static IReadOnlyList<SimulatedProduct> Products { get; } =
        [new SimulatedProduct("Leap", "15.1", IsBase: true)];

    public static IReadOnlyList<SimulatedRepository> Repositories { get; } =
    [
        new SimulatedRepository(Foreign, "https://vendor.example.com/tools/"),
        .. First.Split(' ').Select(label => new SimulatedRepository($"saltern:{label}", $"{Urls}{label}/")),
    ];

    public static string Product(int rung) => $"leap-15.{Text(rung)}";

    public static string Optional(int rung) => $"{Product(rung)}-extra";

    /// <summary>The mandatory channels, the base channel first.</summary>
    public static string Labels(int rung) => $"{Product(rung)}-oss {Product(rung)}-update";

    /// <summary>What the server knows of the minions that a condition (in SQL) names.</summary>
    public static string EquipSql(string which) => $$"""
        insert into saltern.product_set (digest, products)
        values ('\x01', '[{"name": "Leap", "version": "15.1", "arch": "x86_64", "isBase": true}]');
        insert into saltern.minion_software (minion_key, product_set_id, products_at)
        select m.minion_key, s.id, timestamptz '2026-01-01Z' from saltern.minion m, saltern.product_set s
        where {{which}};
        insert into saltern.minion_channel (minion_key, base_label, child_labels, changed_by, changed_at)
        select minion_key, '{{First.Split(' ')[0]}}', array['{{First.Split(' ')[1]}}'], '{{Actor}}',
               timestamptz '2026-01-01Z'
        from saltern.minion m where {{which}};
        """;

    private static string Write()
    {
        var yaml = new StringBuilder("source: ladder\nproducts:\n");
        for (var rung = 1; rung <= Rungs; rung++)
        {
            var before = string.Join(", ", Enumerable.Range(1, rung - 1).TakeLast(Reach).Select(Product));
            yaml.Append(CultureInfo.InvariantCulture, $$"""
                  - id: {{Product(rung)}}
                    name: Leap
                    version: "15.{{rung}}"
                    arch: x86_64
                    successorOf: [{{before}}]
                    channels:
                      - {label: {{Product(rung)}}-oss, url: "{{Urls}}{{Product(rung)}}-oss/"}
                      - {label: {{Product(rung)}}-update, url: "{{Urls}}{{Product(rung)}}-update/"}
                      - {label: {{Optional(rung)}}, url: "{{Urls}}{{Optional(rung)}}/", mandatory: false}

                """);
        }

        return yaml.ToString();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
