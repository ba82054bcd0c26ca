using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Channels;
using Saltern.Server.Database;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// What follows a real run that succeeded: the restart, reading anew what is installed, and whether it is what was
/// ordered. Each step is a row's state that changes together with the orders of the step, so that a server that dies
/// gives each order once.
/// </summary>
internal sealed partial class AfterRuns(
    NpgsqlDataSource database, OwnOrders orders, MigrateKind kind, Catalogues catalogues, Bells bells,
    IOptions<ServicePacksOptions> options, TimeProvider clock, Outage outage, ILogger<AfterRuns> log)
    : BackgroundService
{
    private const int Most = 500;

    /// <summary>The bell rings with each batch that is settled; looking so often would tell no more.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly Bell bell = bells.Due.Echo();

    /// <summary>One bounded pass; returns how many looks went on.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        int moved;
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            moved = await new CheckOrders(connection, orders, now).RunAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        if (moved > 0)
        {
            bells.Due.Ring();
        }

        // By itself: whatever is wrong with what is compared, no restart waits for it.
        await using var looking = await connection.BeginTransactionAsync(cancellationToken);
        var looked = await new Checks(connection, kind, catalogues, now).RunAsync(Most, cancellationToken);
        await looking.CommitAsync(cancellationToken);
        return looked + moved;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RunOnceAsync(stoppingToken) >= Most)
                {
                    // Each turn does a bounded number.
                }
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }

            await bell.WaitAsync(options.Value.Sweep, clock, stoppingToken);
            await Task.Delay(Pace, clock, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Error, "What follows migrations could not be looked at; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
