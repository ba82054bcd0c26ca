using System.Globalization;
using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>Which of two products is the newer one: 15.10 comes after 15.9.</summary>
internal sealed class ProductVersions : IComparer<Product>
{
    public static ProductVersions Order { get; } = new();

    public int Compare(Product? x, Product? y)
    {
        var (one, other) = (Parts(x), Parts(y));
        for (var index = 0; index < Math.Max(one.Length, other.Length); index++)
        {
            var difference = Compare(
                index < one.Length ? one[index] : "0", index < other.Length ? other[index] : "0");
            if (difference != 0)
            {
                return difference;
            }
        }

        return string.CompareOrdinal(x?.Id, y?.Id);
    }

    private static int Compare(string one, string other) =>
        long.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && long.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? first.CompareTo(second)
            : string.CompareOrdinal(one, other);

    private static string[] Parts(Product? product) => product?.Version.Split('.', '-', ' ') ?? [];
}
