using System.CommandLine;
using System.Globalization;
using Saltern.Contract;
using static Saltern.Cli.Client.Commands;

namespace Saltern.Cli.Client;

/// <summary>products.</summary>
internal static class ProductCommands
{
    private static readonly Argument<string> File = new("file") { Description = "A file of products." };
    private static readonly Option<string?> Format = new("--format")
    {
        Description = "scc, product-tree, upgrade-paths or yaml; guessed from the file's name when left out.",
    };

    private static readonly Option<string?> Name = new("--name")
    {
        Description = "Tells several files of one format apart; each replaces what came from itself.",
    };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only show what it would change." };
    private static readonly Option<string?> Search = new("--search") { Description = "A part of name or label." };
    private static readonly Option<string?> Kind = new("--kind") { Description = "base, module or extension." };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most entries to show.", DefaultValueFactory = _ => 100,
    };

    public static Command Products(CliOutput output) => Group(
        "products", "What vendors list, for Service Pack migrations",
        Of("import", "Import a file of products, whole or not at all", output, ImportAsync, File, Format, Name, DryRun),
        Of("list", "List products", output, ListProductsAsync, Search, Kind, Limit));

    private static async Task<int> ImportAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(File)!;
        var path = $"/api/v1/products/import?format={Escaped(parsed.GetValue(Format) ?? FormatOf(file))}"
            + (parsed.GetValue(Name) is { } name ? $"&name={Escaped(name)}" : "")
            + (parsed.GetValue(DryRun) ? "&dryRun=true" : "");
        var answer = await api.PostFileAsync<ImportAnswer>(path, file, cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(answer);
            return ExitCodes.Ok;
        }

        output.Line(answer.DryRun ? $"{answer.Source} would change:" : $"{answer.Source} is imported:");
        var changes = new (string What, ImportChange Change)[]
        {
            ("products", answer.Products), ("extensions", answer.Extensions), ("successors", answer.Successors),
            ("channels", answer.Channels), ("channels of products", answer.ProductChannels),
        };
        output.Table(
            ["", "added", "changed", "gone"],
            changes.Select(one => (IReadOnlyList<string?>)
                [one.What, Number(one.Change.Added), Number(one.Change.Changed), Number(one.Change.Gone)]));
        foreach (var (what, change) in changes.Where(one => one.What is "products" or "channels"))
        {
            ShowNames(output, $"{what} changed", change.Changed, change.ChangedNames);
            ShowNames(output, $"{what} gone", change.Gone, change.GoneNames);
        }

        return ExitCodes.Ok;
    }

    private static void ShowNames(CliOutput output, string what, int count, IReadOnlyList<string> names)
    {
        if (count > 0)
        {
            var more = count > names.Count ? $" and {count - names.Count} more" : "";
            output.Line($"{what}: {string.Join(", ", names)}{more}");
        }
    }

    private static async Task<int> ListProductsAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var products = await api.ListAsync<ProductSummary>(
            $"/api/v1/products?{Query(("search", parsed.GetValue(Search)), ("kind", parsed.GetValue(Kind)))}",
            parsed.GetValue(Limit), cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(products);
            return ExitCodes.Ok;
        }

        output.Table(
            ["id", "product", "kind", "title", "channels", "successors", "source"],
            products.Select(one => (IReadOnlyList<string?>)
            [
                one.Id, $"{one.Name} {one.Version} {one.Arch}".Trim(), one.Kind,
                one.Stage == "released" ? one.Title : $"{one.Title} ({one.Stage})", Number(one.Channels),
                string.Join(", ", one.Successors), one.Source,
            ]));
        return ExitCodes.Ok;
    }

    /// <summary>SUSE's files have names of their own; ours end in yaml.</summary>
    private static string FormatOf(string file)
    {
        var name = Path.GetFileName(file);
        return name.EndsWith(".yaml", StringComparison.Ordinal) || name.EndsWith(".yml", StringComparison.Ordinal)
            ? "yaml"
            : name.Contains("product_tree", StringComparison.Ordinal)
                ? "product-tree"
                : name.Contains("upgrade_paths", StringComparison.Ordinal) ? "upgrade-paths" : "scc";
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
