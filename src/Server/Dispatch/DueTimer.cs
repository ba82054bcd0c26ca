using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Wakes the dispatcher: at the earliest due time, when the bell rings, and once in a while in any case, so that a
/// bell or a timer that was lost costs time and nothing else. Each master has a loop of its own.
/// </summary>
internal sealed partial class DueTimer(
    Dispatcher dispatcher,
    SaltMasters salt,
    Masters masters,
    Bells bells,
    IOptions<DispatchOptions> options,
    TimeProvider clock,
    Outage outage, ILogger<DueTimer> log)
    : BackgroundService
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(2);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.StartPaused)
        {
            await masters.PauseAllAsync("saltern", "the server was started with --paused", cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        [
            LoopAsync(bells.Due, StartAndExpireAsync, stoppingToken),
            .. salt.Options.Select(master => LoopAsync(
                bells.Due.Echo(), token => ServeAsync(master, token), stoppingToken)),
        ]);

    private async Task LoopAsync(Bell bell, Func<CancellationToken, Task> pass, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var wait = await PassAsync(pass, cancellationToken);
            await Task.Delay(options.Value.Pace, clock, cancellationToken);
            await bell.WaitAsync(wait - options.Value.Pace, clock, cancellationToken);
        }
    }

    private async Task<TimeSpan> PassAsync(Func<CancellationToken, Task> pass, CancellationToken cancellationToken)
    {
        try
        {
            var began = clock.GetUtcNow();
            await pass(cancellationToken);
            var next = await dispatcher.NextDueAsync(began, cancellationToken) - clock.GetUtcNow();
            var sweep = options.Value.Sweep;
            return next is { } due && due < sweep ? (due > Shortest ? due : Shortest) : sweep;
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            if (!outage.Covers(problem))
            {
                LogProblem(problem);
            }
            return AfterProblem;
        }
    }

    private Task StartAndExpireAsync(CancellationToken cancellationToken) =>
        dispatcher.StartAndExpireAsync(cancellationToken);

    private async Task ServeAsync(SaltMasterOptions master, CancellationToken cancellationToken)
    {
        while (await dispatcher.ServeAsync(master, cancellationToken) > 0)
        {
            // There may be more than one pass could carry.
            await Task.Delay(options.Value.Pace, clock, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "A dispatch pass failed; everything stays queued and is tried again")]
    private partial void LogProblem(Exception problem);
}
