namespace Saltern.Simulator.Ledger;

/// <summary>How the last run of a job on a minion ended, as the minion itself knows it.</summary>
public enum LedgerOutcome
{
    /// <summary>It has begun and not ended.</summary>
    Running,

    /// <summary>It ended by itself; whether a return was sent and stored is counted apart from that.</summary>
    Ended,

    /// <summary>It was ended by term_job or kill_job; there is no return.</summary>
    Killed,

    /// <summary>The minion restarted, rebooted or died in the middle of it; there is no return.</summary>
    Interrupted,
}
