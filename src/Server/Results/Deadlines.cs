using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// Ends targets that never answered. Only after the job cache was searched for their returns once more; what then is
/// still without one fails as a guess, marked as such, and a late return puts it right.
/// </summary>
internal sealed partial class Deadlines(
    NpgsqlDataSource database, MissedReturns missed, Bells bells, TimeProvider clock, ILogger<Deadlines> log)
{
    private const int MostSubmissions = 50;

    /// <summary>One bounded pass; returns how many targets it ended.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var overdue = await ReadOverdueAsync(connection, now, cancellationToken);
        if (overdue.Count == 0)
        {
            return 0;
        }

        if (await missed.RunOnceAsync(TimeSpan.Zero, cancellationToken) > 0)
        {
            // What was found is settled first; of the others, those without any return are still overdue.
            bells.Inbox.Ring();
            overdue = await ReadOverdueAsync(connection, now, cancellationToken);
        }

        var ended = 0;
        foreach (var (id, action, deadline) in overdue)
        {
            ended += await EndAsync(connection, id, action, deadline, now, cancellationToken);
        }

        bells.Due.Ring();
        return ended;
    }

    private static Task<List<(SubmissionId Id, ActionId Action, DateTimeOffset Deadline)>> ReadOverdueAsync(
        NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken) => Statement.QueryAsync(
        connection, OverdueSql, [now, MostSubmissions],
        row => (new SubmissionId(row.GetInt64(0)), new ActionId(row.GetInt64(1)),
            row.GetFieldValue<DateTimeOffset>(2)),
        cancellationToken);

    private async Task<int> EndAsync(
        NpgsqlConnection connection, SubmissionId id, ActionId action, DateTimeOffset deadline, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var counters = new Counters();
        var ended = await TargetEnding.FailAsync(
            connection, action, id, null, $"no answer by {deadline:u}, and no return in the job cache (a guess: "
            + "a return that arrives late replaces it)", guessed: true, counters, now, cancellationToken);
        await Statement.ExecuteAsync(connection, NoMoreSql, [id.Value, now], cancellationToken);
        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogOverdue(action.Value, ended, deadline);
        return ended;
    }

    /// <summary>
    /// Index submission_past_deadline. One whose returns wait in the
    /// inbox is settled first; one that was never sent has not begun to be late.
    /// </summary>
    internal const string OverdueSql = """
        select s.id, s.action_id, s.deadline_at from submission s
        where s.outstanding > 0 and s.deadline_at <= $1 and not s.is_ask and s.sends > 0
          and not exists (select 1 from inbox i where i.jid = s.jid)
        order by s.deadline_at limit $2
        """;

    internal const string NoMoreSql = """
        update submission
        set outstanding = 0, outcome = coalesce(outcome, 'Unclear'), outcome_at = coalesce(outcome_at, $2)
        where id = $1
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Targets} targets of action {Action} have not answered by {Deadline}")]
    private partial void LogOverdue(long action, int targets, DateTimeOffset deadline);
}
