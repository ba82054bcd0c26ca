using System.Diagnostics.Metrics;
using Saltern.Server.Metrics;

namespace Saltern.Server.Results;

/// <summary>What settling tells of itself, on the meter "Saltern".</summary>
internal sealed class SettlingMetrics
{
    private readonly Counter<long> drained = SalternMeter.Meter.CreateCounter<long>(
        "saltern_returns_drained", description: "Rows taken out of the inbox");

    private readonly Counter<long> targets = SalternMeter.Meter.CreateCounter<long>(
        "saltern_targets_settled", description: "Targets settled by a return");

    private readonly Counter<long> late = SalternMeter.Meter.CreateCounter<long>(
        "saltern_returns_late", description: "Guesses replaced by a late return");

    private readonly Counter<long> repeats = SalternMeter.Meter.CreateCounter<long>(
        "saltern_returns_repeated", description: "Second copies of returns");

    private readonly Counter<long> unmatched = SalternMeter.Meter.CreateCounter<long>(
        "saltern_returns_unmatched", description: "Returns of no attempt of ours");

    private readonly Counter<long> missed = SalternMeter.Meter.CreateCounter<long>(
        "saltern_returns_missed", description: "Returns the trigger missed and the sweep found");

    private readonly Counter<double> busySeconds = SalternMeter.Meter.CreateCounter<double>(
        "saltern_settling_seconds", description: "Time spent settling");

    public void Record(Settled settled, TimeSpan took)
    {
        drained.Add(settled.Drained);
        targets.Add(settled.Targets);
        late.Add(settled.Late);
        repeats.Add(settled.Repeats);
        unmatched.Add(settled.Unmatched);
        busySeconds.Add(took.TotalSeconds);
    }

    public void RecordMissed(int returns) => missed.Add(returns);
}
