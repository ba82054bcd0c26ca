namespace Saltern.Bench;

/// <summary>The same thing measured several times.</summary>
internal sealed class Series(IEnumerable<double> values)
{
    private readonly double[] sorted = [.. values.Order()];

    public double Median => Percentile(50);

    /// <summary>The value that this part of all values does not exceed.</summary>
    public double Percentile(double percent) =>
        sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * percent / 100) - 1, 0, sorted.Length - 1)];

    /// <summary>The median with the least and the most, in the unit given.</summary>
    public string In(string unit) => sorted.Length == 1
        ? $"{Figure.Number(Median)} {unit}"
        : $"{Figure.Number(Median)} {unit}, {Figure.Number(sorted[0])} to {Figure.Number(sorted[^1])}";

    /// <summary>As rates of so many a second.</summary>
    public Series Rates(int count) => new(sorted.Select(seconds => count / seconds));
}
