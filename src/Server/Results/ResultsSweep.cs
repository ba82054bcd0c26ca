using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// Looks at regular intervals for returns that were missed and for targets whose deadline has passed.
/// </summary>
internal sealed partial class ResultsSweep(
    MissedReturns missed,
    Overdue overdue,
    Bells bells,
    IOptions<ResultsOptions> options,
    TimeProvider clock,
    Outage outage, ILogger<ResultsSweep> log)
    : BackgroundService
{
    /// <summary>One pass of both; returns how many returns and targets it dealt with.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var found = await missed.RunOnceAsync(cancellationToken);
        if (found > 0)
        {
            bells.Inbox.Ring();
        }

        return found + await overdue.RunOnceAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Sweep, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The sweep of results failed; the next one looks again")]
    private partial void LogProblem(Exception problem);
}
