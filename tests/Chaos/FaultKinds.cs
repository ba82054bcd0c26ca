using Saltern.Simulator.Faults;

namespace Saltern.Chaos;

/// <summary>
/// The kinds of faults: those of processes and of the database have names here, those of masters and minions are the
/// simulator's.
/// </summary>
internal static class FaultKinds
{
    public const string NodeKilled = "node killed";
    public const string NodeFrozen = "node frozen";
    public const string SessionsEnded = "database sessions ended";
    public const string DatabaseCrashed = "database crashed";
    public const string TableLocked = "table locked";
    public const string MinionsRestarted = "minions restarted";

    public static IReadOnlyList<string> OfNodes { get; } = [NodeKilled, NodeFrozen];

    public static IReadOnlyList<string> OfDatabase { get; } = [SessionsEnded, DatabaseCrashed, TableLocked];

    public static IReadOnlyList<string> OfCalls { get; } =
    [
        FaultNames.RefuseConnection, FaultNames.MasterDown, FaultNames.Http500AfterPublish,
        FaultNames.Http500BeforePublish, FaultNames.AnswerThenDrop, FaultNames.DropBeforePublish, FaultNames.Hang,
    ];

    public static IReadOnlyList<string> OfMinions { get; } =
    [
        FaultNames.MinionDown, MinionsRestarted, FaultNames.MinionRestart, FaultNames.NeverReturn,
        FaultNames.LoseReturns, FaultNames.ReturnTwice, FaultNames.ReturnLate, FaultNames.CommitLate,
        FaultNames.JobFails,
    ];
}
