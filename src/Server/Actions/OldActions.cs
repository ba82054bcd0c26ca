using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Housekeeping;

namespace Saltern.Server.Actions;

/// <summary>
/// Ends the history: actions that ended longer ago than it is kept, with all that hangs on them, then orders in the log
/// about actions that are gone. An action goes in two steps. First its row, its submissions and its counters, in a
/// transaction of a few rows: from then on nobody finds it. Then the rows of its targets, which may be a whole fleet,
/// in batches that each commit; a list of such actions brings the next pass, of any node, on with it after a crash.
/// An action of which anything is unfinished, or a return not settled yet, stays.
/// </summary>
internal sealed partial class OldActions(
    NpgsqlDataSource database, Transactions transactions, IOptions<HousekeepingOptions> options, TimeProvider clock,
    Outage outage, ILogger<OldActions> log)
    : BackgroundService
{
    /// <summary>Rows removed in one transaction.</summary>
    internal const int BatchSize = 5_000;

    /// <summary>Actions looked for at a time.</summary>
    private const int MostActions = 500;

    private static readonly string[] RowsSql = [TargetsSql, AttemptsSql, AsksSql, ResultsSql];

    /// <summary>One pass; returns how many actions it removed.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var removed = 0;
        if (options.Value.KeepHistoryDays > 0)
        {
            var before = clock.GetUtcNow().AddDays(-options.Value.KeepHistoryDays);
            removed = await RemoveAsync(before, cancellationToken);
            await InBatchesAsync(LogSql, [before], cancellationToken);
        }

        await RemoveRowsAsync(cancellationToken);
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

    private async Task<int> RemoveAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var (removed, last) = (0, 0L);
        List<long> old;
        do
        {
            await using (var connection = await database.OpenConnectionAsync(cancellationToken))
            {
                old = await Statement.QueryAsync(
                    connection, OldSql, [before, last, MostActions], row => row.GetInt64(0), cancellationToken);
            }

            foreach (var action in old)
            {
                last = action;
                removed += await transactions.RunAsync(
                    (connection, transaction) => RemoveAsync(
                        connection, transaction, action, before, cancellationToken),
                    cancellationToken);
            }
        }
        while (old.Count == MostActions);
        if (removed > 0)
        {
            LogRemoved(removed, before);
        }

        return removed;
    }

    /// <summary>
    /// Submissions before counters, as settling does. A return that settles at this moment is waited for; behind the
    /// locks nothing can begin any more, so what is looked at there stands.
    /// </summary>
    private static async Task<int> RemoveAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, long action, DateTimeOffset before,
        CancellationToken cancellationToken)
    {
        await Statement.ExecuteAsync(connection, LockSubmissionsSql, [action], cancellationToken);
        await Counters.LockAsync(connection, [action], cancellationToken);
        if (await Statement.ExecuteAsync(connection, RemoveSql, [action, before], cancellationToken) == 0)
        {
            return 0;
        }

        await Statement.ExecuteAsync(connection, NoteSql, [action], cancellationToken);
        await Counters.TellAsync(connection, new ActionId(action), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return 1;
    }

    /// <summary>The rows of what is gone already, of this pass and of any that was broken off.</summary>
    private async Task RemoveRowsAsync(CancellationToken cancellationToken)
    {
        List<long> gone;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            gone = await Statement.QueryAsync(
                connection, RemovedSql, [], row => row.GetInt64(0), cancellationToken);
        }

        foreach (var action in gone)
        {
            foreach (var sql in RowsSql)
            {
                await InBatchesAsync(sql, [action], cancellationToken);
            }

            await InBatchesAsync(DoneSql, [action], cancellationToken);
        }
    }

    private async Task InBatchesAsync(string sql, object?[] values, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        while (await Statement.ExecuteAsync(connection, sql, [BatchSize, .. values], cancellationToken) == BatchSize)
        {
            // Each turn is a transaction of its own.
        }
    }

    /// <summary>The inbox is read once for all of them. Index action_ended.</summary>
    internal const string OldSql = """
        select a.id from action a
        where a.ended_at < $1 and a.id > $2
          and a.id not in (select s.action_id from inbox i join submission s on s.jid = i.jid)
        order by a.id limit $3
        """;

    internal const string LockSubmissionsSql = """
        select count(*) from (
            select 1 from submission where action_id = $1 order by id for update) as locked
        """;

    /// <summary>Looks again behind the locks. Index submission_by_action.</summary>
    internal const string RemoveSql = """
        delete from action a
        where a.id = $1 and a.ended_at < $2 and a.status in ('Completed', 'Failed', 'Cancelled')
          and not exists (select 1 from submission s where s.action_id = a.id and s.outstanding + s.waiting > 0)
        """;

    internal const string NoteSql = "insert into removed_action (action_id) values ($1) on conflict do nothing";

    internal const string RemovedSql = "select action_id from removed_action order by action_id";

    internal const string TargetsSql = """
        delete from action_target where action_id = $2 and minion_key in (
            select minion_key from action_target where action_id = $2 order by minion_key limit $1)
        """;

    internal const string AttemptsSql = """
        delete from earlier_attempt where ctid = any(array(
            select ctid from earlier_attempt where action_id = $2 limit $1))
        """;

    internal const string AsksSql = """
        delete from ask where ctid = any(array(select ctid from ask where action_id = $2 limit $1))
        """;

    internal const string ResultsSql = """
        delete from kept_result where ctid = any(array(
            select ctid from kept_result where action_id = $2 limit $1))
        """;

    /// <summary>
    /// Rows that another node is deleting at this moment are still there: the mark stays for the next pass.
    /// </summary>
    internal const string DoneSql = """
        delete from removed_action
        where action_id = $2 and $1::int > 0
          and not exists (select 1 from action_target where action_id = $2)
          and not exists (select 1 from earlier_attempt where action_id = $2)
          and not exists (select 1 from ask where action_id = $2)
          and not exists (select 1 from kept_result where action_id = $2)
        """;

    /// <summary>Index order_log_by_time.</summary>
    internal const string LogSql = """
        delete from order_log where id = any(array(
            select o.id from order_log o
            where o.at < $2 and not exists (select 1 from action a where a.id = o.action_id)
            order by o.at limit $1))
        """;

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Actions} actions that ended before {Before}")]
    private partial void LogRemoved(int actions, DateTimeOffset before);

    [LoggerMessage(Level = LogLevel.Error, Message = "Old actions could not be removed; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
