namespace Saltern.Simulator;

/// <summary>Where the simulated master keeps its jobs.</summary>
public enum CacheKind
{
    /// <summary>In PostgreSQL, written with the statements of Salt's pgjsonb returner.</summary>
    Database,

    /// <summary>In the master's own memory, as Salt's file cache would be: only the jobs runner reaches it.</summary>
    File,
}
