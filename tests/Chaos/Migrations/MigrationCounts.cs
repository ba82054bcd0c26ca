using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>How much there was to judge: a run without migrations proves nothing of them.</summary>
internal sealed class MigrationCounts
{
    public int DryRuns { get; private set; }

    public int RealRuns { get; private set; }

    public int Kept { get; private set; }

    public int TakenBack { get; private set; }

    /// <summary>Kept with packages changed half-way, for a person to repair.</summary>
    public int Attention { get; private set; }

    /// <summary>A person decided, or was released from waiting.</summary>
    public int ByPerson { get; private set; }

    public void Count(IEnumerable<DupRunView> runs)
    {
        foreach (var run in runs)
        {
            DryRuns += run.DryRun ? 1 : 0;
            RealRuns += run.DryRun ? 0 : 1;
        }
    }

    public void Count(ChangeEnd change)
    {
        Kept += change is { State: "Kept", Attention: null } ? 1 : 0;
        Attention += change is { State: "Kept", Attention: not null } ? 1 : 0;
        TakenBack += change is { State: "Reverted", DryRun: false } ? 1 : 0;
        ByPerson += change.ByPerson ? 1 : 0;
    }
}
