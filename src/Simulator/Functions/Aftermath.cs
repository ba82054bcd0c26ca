namespace Saltern.Simulator.Functions;

/// <summary>What happens to the minion once its return has left.</summary>
internal enum Aftermath : byte
{
    None,
    Reboot,
    RestartMinion,
    Shutdown,
}
