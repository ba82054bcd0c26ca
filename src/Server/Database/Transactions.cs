using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// Runs a user's order, or a batch of returns, as one transaction, and once more from its beginning where PostgreSQL
/// ended it in favour of another one (a deadlock, a serialization failure): nothing of it was done then, and no pause
/// is needed: the other one holds the locks that the next attempt queues for. Transactions of ours take locks in one
/// order, so that this is rare: first attempts and targets that were picked up or have ended, in the order of minions;
/// then the counters of actions, in the order of their ids; then the action's row and targets that are queued.
/// </summary>
internal sealed partial class Transactions(
    NpgsqlDataSource database, IOptions<DatabaseOptions> options, ILogger<Transactions> log)
{
    private const int MostAttempts = 5;

    /// <summary>For statements that write the rows of a whole fleet.</summary>
    public TimeSpan FleetTimeout => options.Value.FleetCommandTimeout;

    /// <summary>
    /// The work commits where it wants its changes to stay; without that they are undone. It may run several times.
    /// </summary>
    public async Task<T> RunAsync<T>(
        Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                return await work(connection, transaction);
            }
            catch (PostgresException problem) when (attempt < MostAttempts && GaveWay(problem))
            {
                LogAgain(problem.SqlState, attempt);
            }
        }
    }

    private static bool GaveWay(PostgresException problem) =>
        problem.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    [LoggerMessage(Level = LogLevel.Information,
        Message = "One transaction gave way to another ({SqlState}) at attempt {Attempt}; it is tried again")]
    private partial void LogAgain(string sqlState, int attempt);
}
