using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>How many actions stand where, archived ones left out.</summary>
internal sealed class ActionTotals(NpgsqlDataSource database)
{
    /// <summary>By status; a status that no action has is not in it.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await Statement.QueryAsync(
            connection, CountSql, [], row => KeyValuePair.Create(row.GetString(0), row.GetInt64(1)), cancellationToken);
        return rows.ToDictionary();
    }

    /// <summary>A row per action, of which there are few beside their targets.</summary>
    internal const string CountSql = """
        select status, count(*) from saltern.action where archived_at is null group by status
        """;
}
