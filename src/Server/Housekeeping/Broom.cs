using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Database;

namespace Saltern.Server.Housekeeping;

/// <summary>Runs housekeeping at the start and then at regular intervals.</summary>
internal sealed partial class Broom(
    JobCacheDays days,
    JobCacheRest rest,
    IOptions<HousekeepingOptions> options,
    TimeProvider clock,
    Outage outage, ILogger<Broom> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Every, clock);
        do
        {
            try
            {
                await days.MakeAsync(stoppingToken);
                await days.EndAsync(stoppingToken);
                await rest.RemoveAsync(stoppingToken);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Housekeeping failed; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
