using Saltern.Simulator.Jobs;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Software;

namespace Saltern.Simulator.Minions;

/// <summary>
/// All that one minion remembers, in a few dozen bytes: what follows from its number and the seed (grains, boot id,
/// fingerprint, packages as installed at first) is not kept but worked out when asked for.
/// </summary>
internal struct MinionState
{
    public KeyStatus Key;
    public bool Up;
    public bool CacheJobs;

    /// <summary>Down for a reboot: whatever else happens meanwhile, its next start is with another boot id.</summary>
    public bool Rebooting;

    /// <summary>Counts reboots; the boot id follows from it.</summary>
    public ushort Boots;

    /// <summary>Counts starts of the minion's process; what a former process had planned does not happen.</summary>
    public ushort Starts;

    /// <summary>Jids seen since the process started: the last 100.</summary>
    public JidMemory Seen;

    /// <summary>Jobs that run; null while there are none.</summary>
    public List<RunningJob>? Running;

    /// <summary>
    /// Versions that differ from the operating system's standard set; an empty version means removed.
    /// </summary>
    public Dictionary<string, string>? Packages;

    /// <summary>Products, repositories and runs of zypper dup; null while they are those of the beginning.</summary>
    public MinionSoftware? Software;

    /// <summary>The machine has booted: what was made for that is its system.</summary>
    public void Boot()
    {
        Rebooting = false;
        Boots++;
        if (Software?.NextBoot is { } next)
        {
            (Packages, Software.Products) = next;
            Software.NextBoot = null;
        }
    }
}
