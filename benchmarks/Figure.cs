using System.Globalization;

namespace Saltern.Bench;

/// <summary>One line of the results.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Measured">The value with what it is made of.</param>
/// <param name="Limit">What it should be; empty for a figure that only explains another.</param>
/// <param name="Holds">Whether it is; null without a limit.</param>
internal sealed record Figure(string What, string Measured, string Limit, bool? Holds)
{
    public static Figure AtMost(string what, double value, double limit, string unit, string made = "") =>
        new(what, Text(value, unit, made), $"≤ {Number(limit)}{unit}", value <= limit);

    public static Figure AtLeast(string what, double value, double limit, string unit, string made = "") =>
        new(what, Text(value, unit, made), $"≥ {Number(limit)}{unit}", value >= limit);

    /// <summary>The limit of work as such: also a quick run must have done it.</summary>
    public const string Everything = "all of it";

    public static Figure Known(string what, string measured) => new(what, measured, "", null);

    /// <summary>Three digits that mean something.</summary>
    public static string Number(double value)
    {
        var digits = Math.Abs(value) switch { >= 99.95 => "#,0", >= 9.995 => "0.#", _ => "0.0##" };
        return value.ToString(digits, CultureInfo.InvariantCulture);
    }

    private static string Text(double value, string unit, string made) =>
        made.Length == 0 ? $"{Number(value)}{unit}" : $"{Number(value)}{unit} ({made})";
}
