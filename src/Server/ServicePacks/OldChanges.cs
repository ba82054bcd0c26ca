using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Housekeeping;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Changes of channels end with the history, with what their runs came to: so many days after they were decided,
/// whether or not their action is still there. One that is not decided stays.
/// </summary>
internal sealed partial class OldChanges(
    NpgsqlDataSource database, IOptions<HousekeepingOptions> options, TimeProvider clock, Outage outage,
    ILogger<OldChanges> log)
    : BackgroundService
{
    /// <summary>Rows removed in one transaction; a run's packages may be some ten thousand bytes.</summary>
    private const int BatchSize = 1_000;

    /// <summary>One pass; returns how many changes it removed.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeepHistoryDays == 0)
        {
            return 0;
        }

        var before = clock.GetUtcNow().AddDays(-options.Value.KeepHistoryDays);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var removed = 0;
        int now;
        do
        {
            now = await Statement.ExecuteAsync(connection, RemoveSql, [before, BatchSize], cancellationToken);
            removed += now;
        }
        while (now == BatchSize);
        return removed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Every, clock);
        do
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
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Index channel_change_ended; migration_run goes with it.</summary>
    internal const string RemoveSql = """
        delete from channel_change where id = any(array(
            select id from channel_change where ended_at < $1 order by ended_at limit $2))
        """;

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Old changes of channels could not be removed; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
