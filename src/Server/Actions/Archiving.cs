using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>Takes a finished action out of the everyday lists, or back into them.</summary>
internal sealed class Archiving(Transactions transactions, TimeProvider clock)
{
    public Task<OrderOutcome> ArchiveAsync(ActionId action, string actor, CancellationToken cancellationToken) =>
        SetAsync(action, clock.GetUtcNow(), "archive", actor, cancellationToken);

    public Task<OrderOutcome> UnarchiveAsync(ActionId action, string actor, CancellationToken cancellationToken) =>
        SetAsync(action, null, "unarchive", actor, cancellationToken);

    private Task<OrderOutcome> SetAsync(
        ActionId action, DateTimeOffset? archivedAt, string verb, string actor, CancellationToken cancellationToken) =>
        transactions.RunAsync(
            (connection, transaction) => SetAsync(
                connection, transaction, action, archivedAt, verb, actor, cancellationToken),
            cancellationToken);

    private async Task<OrderOutcome> SetAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ActionId action, DateTimeOffset? archivedAt,
        string verb, string actor, CancellationToken cancellationToken)
    {
        var status = await Statement.QueryAsync(
            connection, StatusSql, [action.Value], row => row.GetString(0), cancellationToken);
        if (status.Count == 0)
        {
            return new OrderOutcome.NotFound();
        }

        var archived = await Statement.ExecuteAsync(
            connection, ArchiveSql, [action.Value, archivedAt], cancellationToken);
        if (archived == 0)
        {
            return new OrderOutcome.Refused(
                $"action {action} is {status[0]}; only a completed, failed or cancelled one can be archived. "
                + "Cancel it first, or wait for its end");
        }

        await Orders.RecordAsync(connection, action, verb, actor, clock.GetUtcNow(), null, cancellationToken);
        await Counters.TellAsync(connection, action, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new OrderOutcome.Done(0);
    }

    internal const string StatusSql = "select status from action where id = $1 for update";

    internal const string ArchiveSql = """
        update action set archived_at = case when $2::timestamptz is null then null else coalesce(archived_at, $2) end
        where id = $1 and ended_at is not null
        """;
}
