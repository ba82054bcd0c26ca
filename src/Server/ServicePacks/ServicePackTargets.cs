using System.Data;
using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Where minions can go, for a selection of them. Minions that have the same products and the same assigned channels
/// are one group, and targets are reckoned once for each.
/// </summary>
internal sealed class ServicePackTargets(NpgsqlDataSource database, Catalogues catalogues)
{
    /// <summary>The groups of a selection, the largest first; or what is wrong with the selection.</summary>
    public async Task<(IReadOnlyList<TargetGroup>? Groups, SelectedMinions.Refused? Refused)> ForAsync(
        TargetSelection selection, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One view of all tables: an import between two of them would mix lists of before and after.
        await using var transaction = await connection.BeginTransactionAsync(
            IsolationLevel.RepeatableRead, cancellationToken);
        return await TargetSelector.BuildAsync(selection, connection, cancellationToken) switch
        {
            SelectedMinions.Query query => (
                await ForAsync(
                    connection, query.Sql, [.. query.Parameters],
                    await catalogues.ReadAsync(connection, everyCheck: true, cancellationToken), null,
                    cancellationToken), null),
            SelectedMinions.Refused refused => (null, refused),
            _ => throw new InvalidOperationException("A selection is a query or refused."),
        };
    }

    /// <summary>
    /// The groups of these minions as things stand within the caller's transaction: what an action asks at its run time
    /// before it changes channels. Targets other than the one named are left out.
    /// </summary>
    public static Task<IReadOnlyList<TargetGroup>> ForAsync(
        NpgsqlConnection connection, IReadOnlyCollection<MinionKey> minions, ProductCatalogue catalogue, string towards,
        CancellationToken cancellationToken) =>
        ForAsync(
            connection, "select unnest($1::bigint[]) as minion_key",
            [
                new NpgsqlParameter
                {
                    Value = minions.Select(one => one.Value).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint,
                },
            ],
            catalogue, towards, cancellationToken);

    private static async Task<IReadOnlyList<TargetGroup>> ForAsync(
        NpgsqlConnection connection, string selection, NpgsqlParameter[] parameters, ProductCatalogue catalogue,
        string? towards, CancellationToken cancellationToken)
    {
        var rows = await Statement.QueryAsync(
            connection, GroupsSql(selection), [.. parameters],
            row => (
                Set: row.IsDBNull(0) ? (long?)null : row.GetInt64(0), Base: row.TextOrNull(1),
                Children: row.IsDBNull(2) ? [] : row.GetFieldValue<string[]>(2),
                Minions: row.GetFieldValue<long[]>(3), Names: row.GetFieldValue<string[]>(4)),
            cancellationToken);
        var sets = await MinionSoftware.ReadSetsAsync(
            [.. rows.Select(row => row.Set).OfType<long>().Distinct()], connection, cancellationToken);
        return [.. rows
            .Select(row => (
                row.Minions, row.Names, Products: row.Set is { } set ? sets[set] : null,
                Assigned: row.Base is { } label ? new ChannelAssignment(label, row.Children) : null))
            .Select(row => new TargetGroup(
                [.. row.Minions.Select(key => new MinionKey(key))], row.Names, row.Products, row.Assigned,
                MigrationTargets.For(catalogue, row.Products, row.Assigned, towards)))
            .OrderByDescending(group => group.Minions.Count)
            .ThenBy(group => group.Names[0], StringComparer.Ordinal)];
    }

    private static string GroupsSql(string selection) => $"""
        select s.product_set_id, c.base_label, c.child_labels, array_agg(m.minion_key order by m.minion_id),
               array_agg(m.minion_id order by m.minion_id)
        from ({selection}) chosen join minion m on m.minion_key = chosen.minion_key
        left join minion_software s on s.minion_key = m.minion_key
        left join minion_channel c on c.minion_key = m.minion_key
        group by s.product_set_id, c.base_label, c.child_labels
        """;
}
