using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Simulator;
using Saltern.Simulator.Software;

namespace Saltern.Cli.Demo;

/// <summary>
/// Products and channels of the demo: a small catalogue, minions of SUSE's that have the channels of their products, on
/// record and as their repositories, and migrations that come to something else on every so many of them.
/// </summary>
internal static class DemoSoftware
{
    /// <summary>To where the SLES 15 SP5 of the demo can go.</summary>
    public const string Target = "sles-15.6-x86_64";

    /// <summary>Where all of the catalogue's channels are.</summary>
    private const string Urls = "https://mirror.example.org/saltern/";

    private const string Catalogue = "Saltern.Cli.Demo.products.yaml";

    private static readonly DupSetting Well = new() { Seconds = 2 };

    /// <summary>What runs come to, in turn.</summary>
    private static readonly DupSetting[] Ends =
    [
        Well,
        new() { Outcome = DupOutcome.Conflict, Seconds = 1 },
        new() { Outcome = DupOutcome.PackageGone, Seconds = 2 },
        new() { Outcome = DupOutcome.HalfDone, Seconds = 2 },
        new() { Outcome = DupOutcome.VendorChange, Seconds = 2 },
        new() { Removals = 3, Seconds = 2 },
        Well, Well, Well, Well,
    ];

    /// <summary>The minions that <see cref="Target"/> is for.</summary>
    public static IReadOnlyList<string> Candidates(SimulatedMaster master) =>
        [.. master.Minions.Where(id => master.SoftwareOf(id)!.Products is [{ Name: "SLES", Version: "15.5" }, ..])];

    /// <summary>Makes all of it; a minion whose channels an earlier demo was changing is left as it is.</summary>
    public static async Task InstallAsync(DemoGround ground, TimeProvider clock, CancellationToken cancellationToken)
    {
        var services = ground.Server.Services;
        await services.GetRequiredService<ProductImports>().ImportAsync(
            await ReadAsync(cancellationToken), "demo", dryRun: false, cancellationToken);
        var minions = ground.Master.Minions
            .Select(id => (Id: id, ground.Master.SoftwareOf(id)!.Products))
            .Where(one => one.Products.Count > 0).ToList();
        var alike = minions.GroupBy(one => one.Products[0]).SelectMany(same => same.Index());
        foreach (var (place, (id, products)) in alike)
        {
            ground.Master.SetSoftware(id, new SoftwareSetting
            {
                Dup = Ends[place % Ends.Length],
                Repositories =
                [
                    .. Labels(products).Select(label => new SimulatedRepository($"saltern:{label}", $"{Urls}{label}/")),
                ],
            });
        }

        await RecordAsync(
            services.GetRequiredService<NpgsqlDataSource>(), minions.ToDictionary(one => one.Id, one => one.Products),
            clock.GetUtcNow(), cancellationToken);
    }

    private static async Task<ProductImport> ReadAsync(CancellationToken cancellationToken)
    {
        await using var stream = typeof(DemoSoftware).Assembly.GetManifestResourceStream(Catalogue)!;
        using var reader = new StreamReader(stream);
        return ImportReader.Read(ImportFormat.Yaml, await reader.ReadToEndAsync(cancellationToken), null) switch
        {
            ImportReading.Understood understood => understood.Import,
            var refused => throw new CliFailure(ExitCodes.Usage, $"The demo's products were refused: {refused}"),
        };
    }

    /// <summary>The base product comes first.</summary>
    public static IEnumerable<string> Labels(IReadOnlyList<SimulatedProduct> products) =>
        products.SelectMany(product => product switch
        {
            { Name: "SLES" } => Both($"sle-product-sles{Pack(product)}"),
            { Name: "Leap" } => [$"leap-{product.Version}-oss-x86_64", $"leap-{product.Version}-update-oss-x86_64"],
            _ => Both($"{product.Name}{Pack(product)}"),
        });

    private static string[] Both(string channel) => [$"{channel}-pool-x86_64", $"{channel}-updates-x86_64"];

    private static string Pack(SimulatedProduct product) =>
        product.Version.Replace(".", "-sp", StringComparison.Ordinal);

    /// <summary>As if they had told their products, and somebody had assigned their channels.</summary>
    private static async Task RecordAsync(
        NpgsqlDataSource database, Dictionary<string, IReadOnlyList<SimulatedProduct>> products, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var free = await Statement.QueryAsync(
            connection, FreeSql, [products.Keys.ToArray()],
            row => (Minion: new MinionKey(row.GetInt64(0)), Products: products[row.GetString(1)]), cancellationToken);
        await MinionSoftware.LearnAsync(
            [.. free.Select(one => (one.Minion, new InstalledSoftware([.. one.Products.Select(Installed)], null)))],
            now, connection, cancellationToken);
        await Assignments.SetAsync(
            connection,
            [
                .. free.Select(one => (one.Minion, Labels: Labels(one.Products).ToList()))
                    .Select(one => (one.Minion, (ChannelAssignment?)new(one.Labels[0], one.Labels[1..]))),
            ],
            "demo", now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static InstalledProduct Installed(SimulatedProduct product) =>
        new(product.Name, product.Version, "0", product.Arch, product.IsBase);

    private const string FreeSql = """
        select m.minion_key, m.minion_id from saltern.minion m
        where m.minion_id = any($1::text[])
          and not exists (select from saltern.minion_hold h where h.minion_key = m.minion_key)
        """;
}
