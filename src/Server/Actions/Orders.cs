using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>The log of who ordered what and when; a row goes in the same transaction as what was ordered.</summary>
internal static class Orders
{
    public static Task RecordAsync(
        NpgsqlConnection connection,
        ActionId action,
        string verb,
        string actor,
        DateTimeOffset now,
        string? detailJson,
        CancellationToken cancellationToken) =>
        Statement.ExecuteAsync(connection, RecordSql, [action.Value, verb, actor, now, detailJson], cancellationToken);

    internal const string RecordSql = """
        insert into order_log (action_id, verb, actor, at, detail) values ($1, $2, $3, $4, $5::json)
        """;
}
