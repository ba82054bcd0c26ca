using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Database;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Wakes the dispatcher: at the earliest due time, when the bell rings, and once in a while in any case, so that a
/// bell or a timer that was lost costs time and nothing else.
/// </summary>
internal sealed partial class DueTimer(
    Dispatcher dispatcher, Bells bells, IOptions<DispatchOptions> options, TimeProvider clock, ILogger<DueTimer> log)
    : BackgroundService
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = await PassAsync(stoppingToken);
            await bells.Due.WaitAsync(wait, clock, stoppingToken);
        }
    }

    /// <summary>Dispatches until nothing more can be handed out; returns how long to wait for the bell.</summary>
    private async Task<TimeSpan> PassAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await dispatcher.RunOnceAsync(cancellationToken) > 0)
            {
                // There may be more than one pass could carry.
            }

            var next = await dispatcher.NextDueAsync(cancellationToken) - clock.GetUtcNow();
            var sweep = options.Value.Sweep;
            return next is { } due && due < sweep ? (due > Shortest ? due : Shortest) : sweep;
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            LogProblem(problem);
            return AfterProblem;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A dispatch pass failed; everything stays queued and is tried again")]
    private partial void LogProblem(Exception problem);
}
