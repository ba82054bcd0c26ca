using System.Diagnostics.Metrics;

namespace Saltern.Server.Metrics;

/// <summary>
/// The meter on which every slice makes its instruments. Names are lower case words with dots, units as in UCUM
/// (<c>s</c>, <c>By</c>): <c>Meter.CreateCounter&lt;long&gt;("saltern.returns.settled")</c> is shown on /metrics as
/// <c>saltern_returns_settled_total</c>.
/// </summary>
internal static class SalternMeter
{
    public const string Name = "Saltern";

    public static Meter Meter { get; } = new(Name);
}
