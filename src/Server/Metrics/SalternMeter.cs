using System.Diagnostics.Metrics;

namespace Saltern.Server.Metrics;

/// <summary>
/// The meter on which every slice makes its instruments. Names are lower case words with underscores, the unit last:
/// a counter <c>saltern_returns_drained</c> is shown on /metrics as <c>saltern_returns_drained_total</c>.
/// </summary>
internal static class SalternMeter
{
    public const string Name = "Saltern";

    public static Meter Meter { get; } = new(Name);
}
