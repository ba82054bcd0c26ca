namespace Saltern.Server.Actions;

/// <summary>What we ask a minion on behalf of a target. The names are the words of the column.</summary>
internal enum AskPurpose
{
    /// <summary>The kind's own question (<see cref="ActionKind.AskCall"/>), before and after its run.</summary>
    Kind,

    /// <summary>Whether the minion is there at all: before what is not safe to repeat is handed to it.</summary>
    Ping,

    /// <summary>Whether a job that is overdue still runs.</summary>
    FindJob,

    /// <summary>What came of a job that does not run, from the minion's own cache.</summary>
    FindCachedJob,

    /// <summary>Stop a running job: SIGTERM.</summary>
    TermJob,

    /// <summary>The same with SIGKILL, for one that went on.</summary>
    KillJob,
}
