namespace Saltern.Simulator.Functions;

/// <summary>What happens to the minion once its return has left.</summary>
internal enum Aftermath : byte
{
    None,
    Reboot,
    RestartMinion,
    Shutdown,

    /// <summary>The minion's process ends before the return has left.</summary>
    RestartUnheard,

    /// <summary>The machine goes down before the return has left.</summary>
    RebootUnheard,
}
