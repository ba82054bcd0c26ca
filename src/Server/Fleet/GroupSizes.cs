using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>
/// How many minions groups have. Those by hand know it; those by rule are counted, all of a page in one scan of the
/// fleet.
/// </summary>
internal sealed class GroupSizes(NpgsqlDataSource dataSource)
{
    /// <summary>The minions of each group; one whose rule cannot be followed any more is left out.</summary>
    public async Task<IReadOnlyDictionary<GroupId, int>> CountAsync(
        IReadOnlyList<MinionGroup> groups, CancellationToken cancellationToken)
    {
        var sizes = groups.Where(group => group.Members is not null)
            .ToDictionary(group => group.Id, group => group.Members!.Value);
        var sql = new SelectionSql(1);
        var counted = new List<(GroupId Id, string Column)>();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        foreach (var group in groups.Where(group => group.Members is null))
        {
            var (expression, _) = await GroupLookup.ExpandAsync(
                new CompoundExpression.Group(group.Name), connection, cancellationToken);
            if (expression is not null)
            {
                counted.Add((group.Id, $"count(*) filter (where {sql.Write(expression)})::int"));
            }
        }

        if (counted.Count > 0)
        {
            var text = $"select array[{string.Join(", ", counted.Select(one => one.Column))}] from minion m";
            var found = await Statement.QueryAsync(
                connection, text, [.. sql.Parameters], row => row.GetFieldValue<int[]>(0), cancellationToken);
            foreach (var (one, count) in counted.Zip(found[0]))
            {
                sizes[one.Id] = count;
            }
        }

        return sizes;
    }
}
