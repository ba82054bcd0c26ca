namespace Saltern.Simulation;

/// <summary>What a call meets on the node's side.</summary>
internal enum CallFault
{
    None,

    /// <summary>The process is stopped after it renewed its lease and before the call leaves.</summary>
    SleepBefore,

    /// <summary>The process is stopped when the answer is there and before it is recorded.</summary>
    SleepAfter,

    KillBefore,

    KillAfter,
}
