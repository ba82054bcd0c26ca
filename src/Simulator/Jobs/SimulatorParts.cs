using Saltern.Simulator.Faults;
using Saltern.Simulator.Ledger;

namespace Saltern.Simulator.Jobs;

/// <summary>What all parts of one simulated master share.</summary>
internal sealed record SimulatorParts(
    SimulatorOptions Options,
    TimeProvider Clock,
    Agenda Agenda,
    FaultBoard Faults,
    RunLedger Ledger,
    EventBus Events,
    IReadOnlyDictionary<string, string> Files,
    CancellationToken Stopping);
