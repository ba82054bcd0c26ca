using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Actions;

/// <summary>
/// What one minion was lately asked to do. Targets have no index by minion, which every write of one would pay for: the
/// latest actions are walked from the newest, and each is asked for this minion by its primary key.
/// </summary>
internal sealed class MinionActions(NpgsqlDataSource database, ActionLists actions, TargetLists targets)
{
    /// <summary>Older actions are not looked at.</summary>
    public const int Searched = 2_000;

    /// <summary>Newest first, each with how it stands on this minion.</summary>
    public async Task<IReadOnlyList<(ActionSummary Action, TargetSummary Target)>> ListAsync(
        MinionKey minion, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var ids = await Statement.QueryAsync(
            connection, LatestSql, [minion.Value, Searched, limit], row => row.GetInt64(0), cancellationToken);
        var summaries = await actions.ReadAsync([.. ids], cancellationToken);
        var lines = new List<(ActionSummary, TargetSummary)>();
        foreach (var summary in summaries.OrderByDescending(one => one.Id))
        {
            var found = await targets.ReadAsync(new ActionId(summary.Id), [minion.Value], cancellationToken);
            lines.AddRange(found.Select(target => (summary, target)));
        }

        return lines;
    }

    internal const string LatestSql = """
        select a.id
        from (select id from saltern.action order by id desc limit $2) a
        join saltern.action_target t on t.action_id = a.id and t.minion_key = $1
        order by a.id desc limit $3
        """;
}
