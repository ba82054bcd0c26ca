namespace Saltern.Simulator.Functions;

/// <summary>What a function needs for itself alone while it runs.</summary>
internal enum FunctionLock : byte
{
    None,

    /// <summary>A second state run is refused, or waits if it was called with queue=True.</summary>
    States,

    /// <summary>The package manager's lock: a second call waits.</summary>
    Packages,
}
