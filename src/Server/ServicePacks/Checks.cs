using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Looks at what minions told of themselves after real runs which succeeded, and writes whether it is what was ordered.
/// Facts decide, not the orders that brought them: where those came to nothing, or something differed, whatever tells
/// of the minion later is looked at again, until another migration follows.
/// </summary>
internal sealed class Checks(
    NpgsqlConnection connection, MigrateKind kind, Catalogues catalogues, DateTimeOffset now)
{
    private const string Actor = "saltern";
    private const string Found = "what was found after the run differs from its target: ";
    private const int MostLines = 10;

    private readonly Dictionary<string, MigrationOrder> orders = [];

    /// <summary>One bounded pass; returns how many minions were looked at.</summary>
    public async Task<int> RunAsync(int most, CancellationToken cancellationToken)
    {
        var checks = await Statement.QueryAsync(connection, ReadySql, [most], Read, cancellationToken);
        if (checks.Count == 0)
        {
            return 0;
        }

        var catalogue = await catalogues.ReadAsync(connection, everyCheck: false, cancellationToken);
        var sets = await MinionSoftware.ReadSetsAsync(
            [.. checks.SelectMany(one => one.ProductsBefore.Append(one.Products ?? 0)).Distinct()], connection,
            cancellationToken);
        var ends = checks.Select(check => (Check: check, End: LookAt(check, catalogue, sets))).ToList();
        foreach (var (check, (state, differences, reason)) in ends)
        {
            await Statement.ExecuteAsync(
                connection, WriteSql,
                [check.Change, state.ToString(), now, differences.ToArray(), reason], cancellationToken);
            if (!differences.SequenceEqual(check.Known))
            {
                await Statement.ExecuteAsync(
                    connection, AttentionSql,
                    [check.Change, differences.Count == 0 ? null : Words(differences), $"{Found}%"],
                    cancellationToken);
            }
        }

        await NoteAsync(ends, cancellationToken);
        return checks.Count;
    }

    /// <summary>One that cannot be compared holds up nobody else.</summary>
    private (CheckState State, IReadOnlyList<string> Differences, string? Reason) LookAt(
        Check check, ProductCatalogue catalogue, Dictionary<long, IReadOnlyList<InstalledProduct>> sets)
    {
        try
        {
            var (state, differences, reason) = Look(check, catalogue, sets);
            // PostgreSQL holds no NUL.
            return (state, [.. differences.Select(line => line.Replace('\0', '\uFFFD'))], reason);
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or JsonException
            or KeyNotFoundException)
        {
            return (CheckState.Unread, [], $"what it told could not be compared ({problem.GetType().Name})");
        }
    }

    private (CheckState State, IReadOnlyList<string> Differences, string? Reason) Look(
        Check check, ProductCatalogue catalogue, Dictionary<long, IReadOnlyList<InstalledProduct>> sets)
    {
        if (!check.IsRead)
        {
            return (CheckState.Unread, [], check.Reason ?? "it did not tell what it has");
        }

        if (check.Assigned is null || !check.Assigned.Labels.ToHashSet().SetEquals(check.After.Labels))
        {
            return (CheckState.Unread, [], "other channels have been assigned since");
        }

        var order = OrderOf(check);
        List<IReadOnlyList<InstalledProduct>> told = [.. check.ProductsBefore.Select(set => sets[set])];
        var expected = ExpectedProducts.Of(catalogue, told, check.Before, check.After, order);
        if (expected.Products.Count == 0)
        {
            return (CheckState.Unread, [], $"product {order.Target} is in no list any more");
        }

        var found = FoundAfter.Differences(
            catalogue, expected, [.. told.SelectMany(one => one)], sets[check.Products!.Value], check.Before,
            check.After, check.Repositories, order.DisableForeign);
        return (found.Count, check) switch
        {
            (0, { NotRestarted: null } or { NextBoot: true }) => (CheckState.Verified, [], null),
            (_, { NextBoot: true }) => (CheckState.Unread, [], "what it changed is there after the next boot"),
            (_, { NotRestarted: { } why }) => (CheckState.Differs, [.. found, $"it was not restarted: {why}"], null),
            _ => (CheckState.Differs, found, null),
        };
    }

    /// <summary>One action has the same arguments for all its minions.</summary>
    private MigrationOrder OrderOf(Check check)
    {
        if (!orders.TryGetValue(check.Arguments, out var order))
        {
            orders[check.Arguments] = order = kind.Order(JsonElement.Parse(check.Arguments));
        }

        return order;
    }

    private async Task NoteAsync(
        List<(Check Check, (CheckState State, IReadOnlyList<string> Differences, string? Reason) End)> ends,
        CancellationToken cancellationToken)
    {
        foreach (var same in ends.Where(one => one.End.State != one.Check.State)
            .GroupBy(one => (one.Check.Action, one.End.State)))
        {
            await Orders.RecordAsync(
                connection, same.Key.Action,
                same.Key.State switch
                {
                    CheckState.Verified => "verified",
                    CheckState.Differs => "differs from its target",
                    _ => "not verified",
                },
                Actor, now,
                JsonSerializer.Serialize(new
                {
                    changes = same.Count(), minions = same.Select(one => one.Check.Name).Take(20),
                }),
                cancellationToken);
        }
    }

    private static string Words(IReadOnlyList<string> differences) => Found
        + string.Join("; ", differences.Take(MostLines))
        + (differences.Count > MostLines ? $"; and {differences.Count - MostLines} more" : "");

    private static Check Read(NpgsqlDataReader row) => new()
    {
        Change = row.GetInt64(0),
        Action = new ActionId(row.GetInt64(1)),
        Name = row.GetString(2),
        State = Enum.Parse<CheckState>(row.GetString(3)),
        Since = row.GetFieldValue<DateTimeOffset>(4),
        NextBoot = row.GetBoolean(5),
        NotRestarted = row.TextOrNull(6),
        Known = row.GetFieldValue<string[]>(7),
        Arguments = row.GetString(8),
        Before = ChannelChanges.Read(row.TextOrNull(9)),
        After = ChannelChanges.Read(row.GetString(10))!,
        Assigned = row.TextOrNull(11) is { } label
            ? new ChannelAssignment(label, row.GetFieldValue<string[]>(12))
            : null,
        ProductsBefore = row.GetFieldValue<long[]>(13),
        Products = row.IsDBNull(14) ? null : row.GetInt64(14),
        ProductsAt = row.TimeOrNull(15),
        Repositories = MinionSoftware.ReadRepositories(row.TextOrNull(16) ?? "[]"),
        RepositoriesAt = row.TimeOrNull(17),
        Reason = row.TextOrNull(18),
    };

    /// <summary>
    /// Those whose orders to read have ended, and those that told of themselves after a look that did not satisfy. Of
    /// several migrations of a minion the latest counts. One that has started since needs no other restart. Indexes
    /// migration_check_under_way, migration_check_not_good, minion_software_pkey, minion_contact_pkey,
    /// channel_change_by_minion.
    /// </summary>
    internal const string ReadySql = """
        select k.change_id, k.action_id, m.minion_id, k.state, case when k.state = 'Reading' then k.since
                                                                    else k.checked_at end,
               k.next_boot, case when o.started_at > k.checked_at then null else k.not_restarted end,
               coalesce(k.differences, '{}'), a.arguments::text, c.before::text,
               c.after::text, n.base_label, n.child_labels,
               array(select e.product_set_id from channel_change e
                     where e.minion_key = c.minion_key and e.target = c.target and e.id <= c.id
                       and e.product_set_id is not null
                     order by e.id desc limit 10),
               s.product_set_id, s.products_at, s.repositories::text, s.repositories_at,
               coalesce('products: ' || case when p.status <> 'Completed' then coalesce(p.reason, lower(p.status)) end,
                        'repositories: ' || case when r.status <> 'Completed'
                                                 then coalesce(r.reason, lower(r.status)) end)
        from migration_check k
        join channel_change c on c.id = k.change_id
        join minion m on m.minion_key = k.minion_key
        join action a on a.id = k.action_id
        left join minion_software s on s.minion_key = k.minion_key
        left join minion_channel n on n.minion_key = k.minion_key
        left join minion_contact o on o.minion_key = k.minion_key
        left join action_target p on p.action_id = k.products_action_id and p.minion_key = k.minion_key
        left join action_target r on r.action_id = k.repositories_action_id and r.minion_key = k.minion_key
        where (k.state = 'Reading' and coalesce(p.status, '') not in ('Queued', 'PickedUp')
                   and coalesce(r.status, '') not in ('Queued', 'PickedUp')
               or k.state in ('Unread', 'Differs') and s.products_at > k.checked_at
                   and s.repositories_at > k.checked_at and not exists (
                       select 1 from channel_change l where l.minion_key = k.minion_key and l.id > k.change_id
                         and not l.dry_run))
        order by k.change_id
        limit $1
        for update of k skip locked
        """;

    internal const string WriteSql = """
        update migration_check set state = $2, since = $3, checked_at = $3, differences = $4::text[], reason = $5
        where change_id = $1
        """;

    /// <summary>What a person has been told of something else stays.</summary>
    internal const string AttentionSql = """
        update channel_change set attention = $2
        where id = $1 and state = 'Kept' and (attention is null or attention like $3)
        """;
}
