using Saltern.Simulator;

namespace Saltern.Simulation;

/// <summary>A simulated master, and what the seed has done to it.</summary>
internal sealed class MasterInWorld(SimulatedMaster simulated, bool collects)
{
    public SimulatedMaster Simulated { get; } = simulated;

    public string Name => Simulated.Name;

    /// <summary>Its job cache is not our database.</summary>
    public bool Collects { get; } = collects;

    /// <summary>
    /// Nobody listens. Told by the client and not by a closed port: which of its kept connections a client has found
    /// closed by then is nobody's choice.
    /// </summary>
    public bool Refuses { get; set; }

    public SortedSet<string> Down { get; } = new(StringComparer.Ordinal);
}
