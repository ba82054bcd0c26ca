using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Database;

namespace Saltern.Server.Housekeeping;

/// <summary>
/// Runs housekeeping at the start and then at regular intervals; sooner where a day could not be ended since somebody
/// was reading: between two readers there is time for it.
/// </summary>
internal sealed partial class Broom(
    JobCacheDays days,
    JobCacheRest rest,
    IOptions<HousekeepingOptions> options,
    TimeProvider clock,
    Outage outage, ILogger<Broom> log)
    : BackgroundService
{
    private static readonly TimeSpan AfterReaders = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
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

            await Task.Delay(days.ReadersWereInTheWay ? AfterReaders : options.Value.Every, clock, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Housekeeping failed; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
