using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Cli.Demo;

/// <summary>
/// The simulated master keeps its jobs in memory, so what an earlier demo in this folder had in flight is never
/// answered; without this it would stand there until its deadline.
/// </summary>
internal static class EarlierDemo
{
    private const string Reason = "the demo was stopped before it answered";

    private const string InFlightSql = """
        select id, action_id from saltern.submission where outstanding > 0 and not is_ask order by id
        """;

    private const string NoMoreSql = """
        update saltern.submission
        set outstanding = 0, outcome = coalesce(outcome, 'Unclear'), outcome_at = coalesce(outcome_at, $2)
        where id = any($1::bigint[])
        """;

    /// <summary>Fails those targets; a return that came in but was not read yet still replaces that.</summary>
    public static async Task<int> SettleAsync(
        NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var inFlight = await Statement.QueryAsync(
            connection, InFlightSql, [], row => (Id: row.GetInt64(0), Action: row.GetInt64(1)), cancellationToken);
        var (settled, counters) = (0, new Counters());
        foreach (var (id, action) in inFlight)
        {
            settled += await TargetEnding.FailAsync(
                connection, new ActionId(action), new SubmissionId(id), null, Reason, guessed: true, counters, now,
                cancellationToken);
        }

        await Statement.ExecuteAsync(
            connection, NoMoreSql, [inFlight.Select(one => one.Id).ToArray(), now], cancellationToken);
        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return settled;
    }
}
