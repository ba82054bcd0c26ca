using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Metrics;

namespace Saltern.Server.Database;

/// <summary>
/// Keeps the shared clock right: measures it twice a minute, and at once when the machine's own clock has jumped. Where
/// time comes from elsewhere (a test's clock) there is nothing to do.
/// </summary>
internal sealed partial class ClockWatch(
    NpgsqlDataSource database, TimeProvider clock, Outage outage, ILogger<ClockWatch> log)
    : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private static readonly Gauge<double> Ahead = SalternMeter.Meter.CreateGauge<double>(
        "saltern_clock_ahead_seconds", description: "By how much this machine's clock is ahead of the database's.");

    private TimeSpan lastAhead;

    /// <summary>Once, before anything is decided by the time.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await MeasureAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (clock is not SharedClock shared)
        {
            return;
        }

        var measured = clock.GetTimestamp();
        using var timer = new PeriodicTimer(Look, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var jumped = (shared.OwnAhead - lastAhead).Duration() > SharedClock.Tolerance;
            if (jumped || clock.GetElapsedTime(measured) >= Every)
            {
                measured = clock.GetTimestamp();
                await TryAsync(stoppingToken);
            }
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await MeasureAsync(cancellationToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            if (!outage.Covers(problem))
            {
                LogProblem(problem);
            }
        }
    }

    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        if (clock is not SharedClock shared)
        {
            return;
        }

        var moved = await shared.MeasureAsync(database, cancellationToken);
        lastAhead = shared.OwnAhead;
        Ahead.Record(lastAhead.TotalSeconds);
        if (moved != TimeSpan.Zero)
        {
            LogMoved(moved.TotalSeconds, lastAhead.TotalSeconds);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Time moved by {Seconds:0.000} s to what PostgreSQL says, whose clock is the one of all nodes; this "
            + "machine's own clock is {Ahead:0.000} s ahead of it")]
    private partial void LogMoved(double seconds, double ahead);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The database's time could not be read; the next look tries again")]
    private partial void LogProblem(Exception problem);
}
