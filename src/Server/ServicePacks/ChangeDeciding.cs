using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Ends changes of channels: looks at those of which something new is known, decides by <see cref="ChangeDecision"/>,
/// and writes the decision, the assignment, the hold of the minion and the orders that follow in one transaction. It
/// knows nothing but the rows, so that a server that was dead for a day goes on from there, on whichever node.
/// </summary>
internal sealed partial class ChangeDeciding(
    NpgsqlDataSource database, OwnOrders orders, Bells bells, TimeProvider clock, Outage outage,
    ILogger<ChangeDeciding> log)
    : BackgroundService
{
    private const int Most = 200;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(5);

    // Not that of the inbox: what a return says counts when it is settled.
    private readonly Bell bell = bells.Due.Echo();

    /// <summary>One bounded pass; returns how many changes were looked at.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var looked = await ChangeReading.ReadAsync(connection, now, Most, cancellationToken);
        if (looked.Count == 0)
        {
            return 0;
        }

        var writing = new ChangeWriting(connection, orders, now, Again);
        await writing.ReportAsync(looked, cancellationToken);
        await writing.WriteAsync(
            [.. looked.Select(change => (change, ChangeDecision.For(change.Facts)))], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        bells.Due.Ring();
        return looked.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RunOnceAsync(stoppingToken) == Most)
                {
                    // Each turn decides a bounded number.
                }
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }

            await bell.WaitAsync(Every, clock, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Error, "Changes of channels could not be decided; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
