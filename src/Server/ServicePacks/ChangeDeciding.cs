using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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
    NpgsqlDataSource database, OwnOrders orders, Bells bells, IOptions<ServicePacksOptions> options, TimeProvider clock,
    Outage outage, ILogger<ChangeDeciding> log)
    : BackgroundService
{
    /// <summary>What follows for the changes of a pass is ordered together.</summary>
    private const int Most = 500;

    private const int MostAlone = 100;

    /// <summary>A look takes the longer the more changes are open; it has a tenth of the time at most.</summary>
    private const int RestTimes = 9;

    // Not that of the inbox: what a return says counts when it is settled.
    private readonly Bell bell = bells.Due.Echo();

    /// <summary>
    /// One bounded pass; returns how many changes were looked at. Where what a minion said cannot be worked with, the
    /// others are decided without it, and a person is told.
    /// </summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken) =>
        (await PassAsync(cancellationToken)).Decided;

    private async Task<(int Decided, bool More)> PassAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await DecideAsync(Most, cancellationToken);
        }
        catch (Exception problem) when (IsOfOneChange(problem))
        {
            LogAlone(problem);
        }

        var decided = 0;
        for (var alone = 0; alone < MostAlone; alone++)
        {
            try
            {
                if (await DecideAsync(1, cancellationToken) is { Decided: 0 })
                {
                    return (decided, false);
                }

                decided++;
            }
            catch (Exception problem) when (IsOfOneChange(problem))
            {
                await SetAsideAsync(problem, cancellationToken);
            }
        }

        return (decided, true);
    }

    private async Task<(int Decided, bool More)> DecideAsync(int most, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (looked, more) = await ChangeReading.ReadAsync(connection, now, most, cancellationToken);
        if (looked.Count == 0)
        {
            return (0, false);
        }

        var writing = new ChangeWriting(connection, orders, now, options.Value.TryAgain);
        await ReportWriting.WriteAsync(connection, looked, now, cancellationToken);
        await writing.WriteAsync(
            [.. looked.Select(change => (change, ChangeDecision.For(change.Facts)))], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        bells.Due.Ring();
        return (looked.Count, more);
    }

    /// <summary>The first that is due: it is looked at again when something about it is new, or in an hour.</summary>
    private async Task SetAsideAsync(Exception problem, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, ChangeReading.SetAsideSql,
            [
                clock.GetUtcNow(), 1,
                $"what the minion said of its run could not be worked with ({problem.GetType().Name}); see its result",
            ],
            cancellationToken);
    }

    private static bool IsOfOneChange(Exception problem) =>
        problem is PostgresException { SqlState: ['2', '2', ..] or ['5', '4', ..] } or JsonException
            or ArgumentException or InvalidOperationException { InnerException: null };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            var more = false;
            try
            {
                // Each turn decides a bounded number.
                (_, more) = await PassAsync(stoppingToken);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }

            if (!more)
            {
                await RestAsync(clock.GetElapsedTime(began) * RestTimes, stoppingToken);
                await bell.WaitAsync(options.Value.Sweep, clock, stoppingToken);
            }
        }
    }

    /// <summary>Bells ring all the time while a fleet is at work, also for what a turn has decided.</summary>
    private Task RestAsync(TimeSpan rest, CancellationToken stoppingToken) =>
        Task.Delay(rest < options.Value.Sweep ? rest : options.Value.Sweep, clock, stoppingToken);

    [LoggerMessage(LogLevel.Error, "Changes of channels could not be decided together; each is looked at alone")]
    private partial void LogAlone(Exception problem);

    [LoggerMessage(LogLevel.Error, "Changes of channels could not be decided; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
