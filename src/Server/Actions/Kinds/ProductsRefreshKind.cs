using System.Text.Json;
using Saltern.Server.Channels;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Has a minion with zypper tell which products are installed; its targets of a Service Pack migration follow from
/// them. Takes no arguments.
/// </summary>
internal sealed class ProductsRefreshKind : KindWithArguments<NoArguments>
{
    /// <summary>No machine has more; what is beyond is not kept.</summary>
    private const int MostProducts = 200;

    public override string Name => "products.refresh";

    /// <summary>zypper reads the products without its lock.</summary>
    public override bool Exclusive => false;

    /// <summary>The products are in the body.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    protected override IReadOnlyList<string> ArgumentNames => [];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(5);

    public override SaltCall BuildCall(JsonElement arguments) => new("pkg.list_products");

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        if (!ReturnReading.WentWell(returned))
        {
            return ReturnReading.Failed(returned);
        }

        if (returned.Return.ValueKind is not JsonValueKind.Array)
        {
            return new TargetOutcome.Failed(
                $"the result is no list of products: {ReturnReading.Preview(returned.Return)}");
        }

        var products = returned.Return.EnumerateArray().Select(ReadProduct).OfType<InstalledProduct>()
            .Distinct()
            .OrderBy(product => !product.IsBase).ThenBy(product => product.Name, StringComparer.Ordinal)
            .ThenBy(product => product.Version, StringComparer.Ordinal)
            .Take(MostProducts)
            .ToList();
        return new TargetOutcome.Completed(
            Summary(products), Software: new InstalledSoftware(products, null));
    }

    protected override NoArguments Take(ArgumentReader reader) => NoArguments.Instance;

    private static InstalledProduct? ReadProduct(JsonElement product)
    {
        var name = RepositoryText.Of(product, "name");
        var version = RepositoryText.Of(product, "version");
        // Salt leaves the attribute out where zypper has none; all of these are installed otherwise.
        var isInstalled = SaltJson.Member(product, "installed").ValueKind is not JsonValueKind.False;
        return name is null || version is null || !isInstalled
            ? null
            : new InstalledProduct(
                name, version, RepositoryText.Of(product, "release"), RepositoryText.Of(product, "arch"),
                SaltJson.Member(product, "isbase").ValueKind is JsonValueKind.True);
    }

    private static string Summary(List<InstalledProduct> products)
    {
        var count = ReasonText.Number(products.Count, "product");
        return products.Find(product => product.IsBase) is { } first
            ? ReasonText.Short(ReasonText.FirstLine($"{count}, {first}"))
            : $"{count}, no base product";
    }
}
