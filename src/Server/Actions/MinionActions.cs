using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Actions;

/// <summary>
/// What one minion was lately asked to do. Targets have no index by minion, which every write of one would pay for: the
/// latest actions are walked from the newest, and each is asked for this minion by its primary key.
/// </summary>
internal sealed class MinionActions(NpgsqlDataSource database)
{
    /// <summary>Older actions are not looked at.</summary>
    public const int Searched = 2_000;

    /// <summary>Newest first, each with how it stands on this minion.</summary>
    public async Task<IReadOnlyList<(ActionSummary Action, TargetSummary Target)>> ListAsync(
        MinionKey minion, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, LatestSql, [minion.Value, Searched, limit],
            row => (ActionLists.ReadSummary(row, 0), TargetLists.ReadSummary(row, ActionLists.ColumnCount)),
            cancellationToken);
    }

    internal const string LatestSql = $"""
        select {ActionLists.Columns}, {TargetLists.Columns}
        from (select * from saltern.action order by id desc limit $2) a
        join saltern.action_target t on t.action_id = a.id and t.minion_key = $1
        join saltern.action_counts c on c.action_id = a.id
        join saltern.minion m on m.minion_key = t.minion_key
        join saltern.key_domain d on d.id = m.key_domain_id
        order by a.id desc limit $3
        """;
}
