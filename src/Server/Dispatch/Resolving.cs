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
    NpgsqlDataSource database, TimeProvider clock, ILogger<Resolving> log)
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
        var selected = await TargetSelector.BuildAsync(
            JsonSerializer.Deserialize<TargetSelection>(target)!, connection, Scheduling.FirstSelectionParameter,
            cancellationToken);
        var targets = selected is SelectedMinions.Query query
            ? await Scheduling.InsertTargetsAsync(connection, action, query, cancellationToken)
            : 0;
        await Statement.ExecuteAsync(connection, ResolvedSql, [action.Value, now], cancellationToken);
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

    /// <summary>Index action_due.</summary>
    internal const string DueSql = """
        select id, target from action
        where status = 'Scheduled' and resolve_at_start and resolved_at is null and cancelled_at is null
          and earliest_at <= $1
        order by earliest_at, id limit 1 for update skip locked
        """;

    internal const string ResolvedSql = "update action set resolved_at = $2 where id = $1";

    internal const string FailSql = "update action set status = 'Failed', started_at = $2, ended_at = $2 where id = $1";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Action {Action} found no minion when it started: {Why}")]
    private partial void LogResolvedToNothing(long action, string why);
}
