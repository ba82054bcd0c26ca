using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Finds the minions of actions that were ordered to look for them when they start. One that then selects nothing
/// ends as failed, with that reason in its log of orders.
/// </summary>
internal sealed partial class Resolving(
    NpgsqlDataSource database, Transactions transactions, TimeProvider clock, ILogger<Resolving> log)
{
    /// <summary>Resolves one due action; returns whether there was one.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var due = await Statement.QueryAsync(
            connection, DueSql, [now], row => (Id: new ActionId(row.GetInt64(0)), Target: row.GetString(1)),
            cancellationToken);
        if (due.Count == 0)
        {
            return false;
        }

        var (action, target) = due[0];
        if (await Statement.ExecuteAsync(connection, ResolvedSql, [action.Value, now], cancellationToken) == 0)
        {
            // It was cancelled in the very moment before its counters were ours.
            return true;
        }

        var selected = await TargetSelector.BuildAsync(
            JsonSerializer.Deserialize<TargetSelection>(target)!, connection, Scheduling.FirstSelectionParameter,
            cancellationToken);
        var targets = selected is SelectedMinions.Query query
            ? await Scheduling.InsertTargetsAsync(
                connection, action, query, transactions.FleetTimeout, cancellationToken)
            : 0;
        if (targets == 0)
        {
            var why = selected is SelectedMinions.Refused refused
                ? string.Join("; ", refused.Errors.Select(error => error.Message))
                : "it selects no minion";
            await Statement.ExecuteAsync(connection, FailSql, [action.Value, now], cancellationToken);
            await Orders.RecordAsync(
                connection, action, "resolve", "saltern", now, JsonSerializer.Serialize(new { why }),
                cancellationToken);
            LogResolvedToNothing(action.Value, why);
        }

        var counters = new Counters();
        if (targets > 0)
        {
            counters.Add(action, new CountChange(Queued: targets));
        }

        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>The counters are locked before the action, as by everybody else. Index action_due.</summary>
    internal const string DueSql = """
        select a.id, a.target from action a join action_counts c on c.action_id = a.id
        where a.status = 'Scheduled' and a.resolve_at_start and a.resolved_at is null and a.cancelled_at is null
          and a.earliest_at <= $1
        order by a.earliest_at, a.id limit 1 for update of c skip locked
        """;

    internal const string ResolvedSql = """
        update action set resolved_at = $2
        where id = $1 and resolved_at is null and cancelled_at is null and status = 'Scheduled'
        """;

    internal const string FailSql = "update action set status = 'Failed', started_at = $2, ended_at = $2 where id = $1";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Action {Action} found no minion when it started: {Why}")]
    private partial void LogResolvedToNothing(long action, string why);
}
