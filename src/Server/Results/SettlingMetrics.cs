using System.Diagnostics.Metrics;

namespace Saltern.Server.Results;

/// <summary>What settling tells of itself, on the meter "Saltern".</summary>
internal sealed class SettlingMetrics : IDisposable
{
    private readonly Meter meter = new("Saltern");
    private readonly Counter<long> drained;
    private readonly Counter<long> targets;
    private readonly Counter<long> late;
    private readonly Counter<long> repeats;
    private readonly Counter<long> unmatched;
    private readonly Counter<long> missed;
    private readonly Counter<double> busySeconds;

    public SettlingMetrics()
    {
        drained = meter.CreateCounter<long>("saltern_returns_drained", description: "Rows taken out of the inbox");
        targets = meter.CreateCounter<long>("saltern_targets_settled", description: "Targets settled by a return");
        late = meter.CreateCounter<long>("saltern_returns_late", description: "Guesses replaced by a late return");
        repeats = meter.CreateCounter<long>("saltern_returns_repeated", description: "Second copies of returns");
        unmatched = meter.CreateCounter<long>("saltern_returns_unmatched", description: "Returns of no attempt of ours");
        missed = meter.CreateCounter<long>("saltern_returns_missed", description: "Returns the trigger missed and the sweep found");
        busySeconds = meter.CreateCounter<double>("saltern_settling_seconds", description: "Time spent settling");
    }

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

    public void Dispose() => meter.Dispose();
}
