using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Removes a finished action with its targets and attempts. The log of orders keeps that it was, and who removed it.
/// </summary>
internal sealed class Deleting(NpgsqlDataSource database, TimeProvider clock)
{
    public async Task<OrderOutcome> DeleteAsync(ActionId action, string actor, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var status = await Statement.QueryAsync(
            connection, Archiving.StatusSql, [action.Value], row => Enum.Parse<ActionStatus>(row.GetString(0)),
            cancellationToken);
        if (status.Count == 0)
        {
            return new OrderOutcome.NotFound();
        }

        if (status[0] is not (ActionStatus.Completed or ActionStatus.Failed or ActionStatus.Cancelled))
        {
            return new OrderOutcome.Refused(
                $"action {action} is {status[0]}; only a completed, failed or cancelled one can be deleted. "
                + "Cancel it first, or wait for its end");
        }

        await Statement.ExecuteAsync(connection, DeleteAsksSql, [action.Value], cancellationToken);
        await Statement.ExecuteAsync(connection, DeleteResultsSql, [action.Value], cancellationToken);
        await Statement.ExecuteAsync(connection, DeleteAttemptsSql, [action.Value], cancellationToken);
        var targets = await Statement.ExecuteAsync(connection, DeleteTargetsSql, [action.Value], cancellationToken);
        await Statement.ExecuteAsync(connection, DeleteSql, [action.Value], cancellationToken);
        await Orders.RecordAsync(connection, action, "delete", actor, clock.GetUtcNow(), null, cancellationToken);
        await Counters.TellAsync(connection, action, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new OrderOutcome.Done(targets);
    }

    internal const string DeleteAsksSql = "delete from ask where action_id = $1";

    internal const string DeleteResultsSql = "delete from kept_result where action_id = $1";

    internal const string DeleteAttemptsSql = "delete from earlier_attempt where action_id = $1";

    internal const string DeleteTargetsSql = "delete from action_target where action_id = $1";

    internal const string DeleteSql = "delete from action where id = $1";
}
