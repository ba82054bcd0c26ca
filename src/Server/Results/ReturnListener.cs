using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// Drains the inbox when the bell rings. The writer that lost the race for the bell may commit after the others, so the
/// loop lingers: it goes on until the inbox was empty twice, some tens of milliseconds apart with no bell between them.
/// Without any bell it looks once a second while something is outstanding, else once a minute.
/// </summary>
internal sealed partial class ReturnListener(
    NpgsqlDataSource database,
    Settler settler,
    Bells bells,
    IOptions<ResultsOptions> options,
    TimeProvider clock,
    Outage outage, ILogger<ReturnListener> log)
    : BackgroundService
{
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (await DrainAsync(stoppingToken) is { } wait)
            {
                await bells.Inbox.WaitAsync(wait, clock, stoppingToken);
            }
            else
            {
                await Task.Delay(AfterProblem, clock, stoppingToken);
            }
        }
    }

    /// <summary>How long to wait for the bell; null after a problem, which no bell shortens the pause of.</summary>
    private async Task<TimeSpan?> DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            var rang = true;
            while ((await settler.DrainAsync(cancellationToken)).Drained > 0 || rang)
            {
                rang = await bells.Inbox.WaitAsync(options.Value.Linger, clock, cancellationToken);
            }

            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var command = Statement.Of(connection, OutstandingSql);
            return await command.ExecuteScalarAsync(cancellationToken) is true
                ? options.Value.LookWhileOutstanding
                : options.Value.LookWhileIdle;
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            if (!outage.Covers(problem))
            {
                LogProblem(problem);
            }
            return null;
        }
    }

    internal const string OutstandingSql = "select exists (select 1 from submission where outstanding > 0)";

    [LoggerMessage(Level = LogLevel.Error,
        Message = "A settling pass failed; its returns stay in the inbox and are tried again")]
    private partial void LogProblem(Exception problem);
}
