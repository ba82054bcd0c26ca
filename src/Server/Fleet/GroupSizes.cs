using System.Globalization;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>
/// How many minions groups have. Those by hand know it; those by rule are counted, all of a page in one scan of the
/// fleet. Rules over grains without a column can take seconds each in a large fleet, and a list of groups must open all
/// the same, if only to mend such a rule: what is not counted within the time given is left out.
/// </summary>
internal sealed class GroupSizes(NpgsqlDataSource dataSource)
{
    internal const string LimitSql = "select set_config('statement_timeout', $1, true)";

    /// <summary>
    /// The minions of each group. A group whose rule cannot be followed any more is left out; if the scan takes longer
    /// than it may, all those by rule are.
    /// </summary>
    public async Task<IReadOnlyDictionary<GroupId, int>> CountAsync(
        IReadOnlyList<MinionGroup> groups, TimeSpan within, CancellationToken cancellationToken)
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
            var found = await ScanAsync(text, sql.Parameters, within, connection, cancellationToken);
            foreach (var (one, count) in counted.Zip(found))
            {
                sizes[one.Id] = count;
            }
        }

        return sizes;
    }

    /// <summary>The counts in the order of the columns; none if the time was not enough.</summary>
    private static async Task<int[]> ScanAsync(
        string text, IReadOnlyList<NpgsqlParameter> parameters, TimeSpan within, NpgsqlConnection connection,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var milliseconds = ((long)within.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        await Statement.ExecuteAsync(connection, LimitSql, [milliseconds], cancellationToken);
        try
        {
            var found = await Statement.QueryAsync(
                connection, text, [.. parameters], row => row.GetFieldValue<int[]>(0), cancellationToken);
            return found[0];
        }
        catch (PostgresException late) when (late.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            return [];
        }
    }
}
