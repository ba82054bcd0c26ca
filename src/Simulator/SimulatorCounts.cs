namespace Saltern.Simulator;

/// <summary>Numbers about a running simulation.</summary>
/// <param name="Minions">How many there are, whatever their keys.</param>
/// <param name="MinionsUp">How many of them are up.</param>
/// <param name="Published">Jobs published.</param>
/// <param name="Pending">Events still to happen: jobs that run, returns on their way, minions that come back.</param>
/// <param name="Runs">Entries of the ledger.</param>
/// <param name="ReturnsStored">Returns committed in the job cache.</param>
/// <param name="ReturnsLost">Returns that the job cache did not take.</param>
public sealed record SimulatorCounts(
    int Minions, int MinionsUp, long Published, int Pending, long Runs, long ReturnsStored, long ReturnsLost);
