using Microsoft.Extensions.Logging;

namespace Saltern.Simulator;

/// <summary>Runs a simulated master until it is told to stop: the whole of <c>saltern simulator</c>.</summary>
public static class SimulatorHost
{
    /// <summary>
    /// Starts the master, calls <paramref name="started"/> once both ports are open, and returns when cancelled.
    /// </summary>
    public static async Task RunAsync(
        SimulatorOptions options,
        TimeProvider clock,
        ILoggerFactory loggers,
        Action<SimulatedMaster> started,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(started);
        await using SimulatedMaster master = new(options, clock, loggers);
        await master.StartAsync(cancellationToken);
        started(master);
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = cancellationToken.Register(
            () => stopped.TrySetResult());
        await stopped.Task;
    }
}
