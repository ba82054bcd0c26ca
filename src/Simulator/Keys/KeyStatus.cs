namespace Saltern.Simulator.Keys;

/// <summary>Where a minion's key lies on the master.</summary>
public enum KeyStatus : byte
{
    /// <summary>The master has no key of this minion.</summary>
    None,

    /// <summary>Waits to be accepted (Salt's folder <c>minions_pre</c>).</summary>
    Pending,

    /// <summary>Accepted (Salt's folder <c>minions</c>): the minion gets jobs.</summary>
    Accepted,

    /// <summary>Rejected (<c>minions_rejected</c>).</summary>
    Rejected,

    /// <summary>Denied (<c>minions_denied</c>): another key came under a name that already has one.</summary>
    Denied,
}
