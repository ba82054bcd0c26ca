using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Removes a finished action with its targets and attempts. The log of orders keeps that it was, and who removed it.
/// </summary>
internal sealed class Deleting(Transactions transactions, TimeProvider clock)
{
    public Task<OrderOutcome> DeleteAsync(ActionId action, string actor, CancellationToken cancellationToken) =>
        transactions.RunAsync(
            (connection, transaction) => DeleteAsync(connection, transaction, action, actor, cancellationToken),
            cancellationToken);

    /// <summary>
    /// Looks before the long work, and again behind the locks: what was ordered anew meanwhile stays, all of it.
    /// </summary>
    private async Task<OrderOutcome> DeleteAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ActionId action, string actor,
        CancellationToken cancellationToken)
    {
        var timeout = transactions.FleetTimeout;
        if (await WhyNotAsync(connection, action, StatusSql, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        // Targets and attempts first, as settling does: a late return may be putting a guess right at this moment.
        var targets = await Statement.ExecuteAsync(
            connection, DeleteTargetsSql, [action.Value], timeout, cancellationToken);
        await Statement.ExecuteAsync(connection, DeleteAttemptsSql, [action.Value], timeout, cancellationToken);
        await Counters.LockAsync(connection, [action.Value], timeout, cancellationToken);
        if (await WhyNotAsync(connection, action, Archiving.StatusSql, cancellationToken) is { } late)
        {
            return late;
        }

        await Statement.ExecuteAsync(connection, DeleteAsksSql, [action.Value], timeout, cancellationToken);
        await Statement.ExecuteAsync(connection, DeleteSql, [action.Value], timeout, cancellationToken);
        // After the submissions: housekeeping, which keeps results, holds these while it does.
        await Statement.ExecuteAsync(connection, DeleteResultsSql, [action.Value], timeout, cancellationToken);
        await Orders.RecordAsync(connection, action, "delete", actor, clock.GetUtcNow(), null, cancellationToken);
        await Counters.TellAsync(connection, action, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new OrderOutcome.Done(targets);
    }

    private static async Task<OrderOutcome?> WhyNotAsync(
        NpgsqlConnection connection, ActionId action, string statusSql, CancellationToken cancellationToken)
    {
        var status = await Statement.QueryAsync(
            connection, statusSql, [action.Value], row => Enum.Parse<ActionStatus>(row.GetString(0)),
            cancellationToken);
        if (status.Count == 0)
        {
            return new OrderOutcome.NotFound();
        }

        return status[0] is ActionStatus.Completed or ActionStatus.Failed or ActionStatus.Cancelled
            ? null
            : new OrderOutcome.Refused(
                $"action {action} is {status[0]}; only a completed, failed or cancelled one can be deleted. "
                + "Cancel it first, or wait for its end");
    }

    internal const string StatusSql = "select status from action where id = $1";

    internal const string DeleteAsksSql = "delete from ask where action_id = $1";

    internal const string DeleteResultsSql = "delete from kept_result where action_id = $1";

    internal const string DeleteAttemptsSql = "delete from earlier_attempt where action_id = $1";

    internal const string DeleteTargetsSql = "delete from action_target where action_id = $1";

    internal const string DeleteSql = "delete from action where id = $1";
}
