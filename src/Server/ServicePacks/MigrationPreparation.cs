using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// What each minion of a migration is given when its turn has come: channels by its own products as they are known
/// then. The change of its assigned channels is written, with the way back, in the transaction that claims the target,
/// and the minion is held for this action from then on. An attempt after one that was lost goes out just as that one
/// did: the minion knows the run by its id and hands back what is recorded.
/// </summary>
internal sealed class MigrationPreparation(MigrateKind kind) : CallPreparation
{
    public override string Kind => MigrateKind.KindName;

    public override async Task<IReadOnlyList<PreparedCall>> PrepareAsync(
        NpgsqlConnection connection, ActionId action, IReadOnlyList<long> minions, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var order = await OrderAsync(connection, action, cancellationToken);
        var rounds = (await Statement.QueryAsync(
            connection, RoundsSql, [action.Value, minions.ToArray()],
            row => (Minion: row.GetInt64(0), (Prefix: row.GetString(1), Earlier: row.TextOrNull(2))),
            cancellationToken)).ToDictionary(row => row.Minion, row => row.Item2);
        var calls = rounds.Where(one => one.Value.Earlier is not null)
            .GroupBy(one => one.Value.Earlier, one => one.Key)
            .Select(same => new PreparedCall([.. same], same.Key)).ToList();
        var fresh = minions.Where(minion => rounds[minion].Earlier is null).ToList();
        var passed = order.RequireDryRunDays > 0
            ? await PassedAsync(connection, order, fresh, now, cancellationToken)
            : null;
        var groups = await ServicePackTargets.ForAsync(
            connection, [.. fresh.Select(minion => new MinionKey(minion))], cancellationToken);
        var repairs = await RepairsAsync(connection, order, fresh, cancellationToken);
        var catalogue = repairs.Count > 0 ? await CatalogueReading.ReadAsync(connection, cancellationToken) : null;
        foreach (var group in groups)
        {
            var inGroup = group.Minions.Select(minion => minion.Value).ToList();
            if (group.Targets.Base?.Id == order.Target && Repaired(group.Assigned, catalogue) is { } own)
            {
                calls.AddRange(inGroup.Where(repairs.Contains).GroupBy(minion => rounds[minion].Prefix)
                    .Select(same => new PreparedCall(
                        [.. same], PreparedPillar.Of(Pillar(order, same.Key, own), group.Assigned!))));
                inGroup.RemoveAll(repairs.Contains);
                if (inGroup.Count == 0)
                {
                    continue;
                }
            }

            var (channels, problem) = MigrationChoice.Of(group, order);
            if (channels is null)
            {
                calls.Add(new PreparedCall(inGroup, null, problem));
                continue;
            }

            var untried = passed is null ? [] : inGroup.Where(minion => !passed.Contains(minion)).ToList();
            if (untried.Count > 0)
            {
                calls.Add(new PreparedCall(untried, null,
                    $"no dry run of the same migration has passed within the last {order.RequireDryRunDays} days"));
            }

            var given = PreparedPillar.Channels(channels.Channels.Select(
                channel => (channel.Label, channel.Name, channel.Url!, channel.Signed)));
            calls.AddRange(inGroup.Except(untried).GroupBy(minion => rounds[minion].Prefix)
                .Select(same => new PreparedCall(
                    [.. same], PreparedPillar.Of(Pillar(order, same.Key, given), channels.Assignment))));
        }

        return calls;
    }

    public override async Task RecordAsync(
        NpgsqlConnection connection, ActionId action, PreparedCall call, IReadOnlyList<long> claimed,
        DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var prepared = JsonDocument.Parse(call.Arguments!);
        var after = PreparedPillar.Assigned(prepared.RootElement)!;
        var order = await OrderAsync(connection, action, cancellationToken);
        var runId = PreparedPillar.RunId(prepared.RootElement)!;
        var open = await ChannelChanges.OpenAsync(connection, claimed, cancellationToken);
        var before = await Assignments.SetAsync(
            connection, [.. claimed.Select(minion => (new MinionKey(minion), (ChannelAssignment?)after))],
            $"action {action}", now, cancellationToken);
        var reopened = await ChannelChanges.ReopenAsync(
            connection, open, runId, order, after, cancellationToken);
        if (reopened != open.Count)
        {
            throw new InvalidOperationException($"{reopened} of {open.Count} changes of action {action} were open");
        }

        await ChannelChanges.RecordAsync(
            connection, action, runId, order,
            [.. claimed.Where(minion => !open.Contains(minion)).Order()
                .Select(minion => (minion, before[new MinionKey(minion)]))],
            after, now, cancellationToken);
    }

    private async Task<MigrationOrder> OrderAsync(
        NpgsqlConnection connection, ActionId action, CancellationToken cancellationToken)
    {
        var rows = await Statement.QueryAsync(
            connection, OrderSql, [action.Value], row => row.GetString(0), cancellationToken);
        return kind.Order(JsonElement.Parse(rows.Single()));
    }

    private static async Task<HashSet<long>> PassedAsync(
        NpgsqlConnection connection, MigrationOrder order, IReadOnlyCollection<long> minions, DateTimeOffset now,
        CancellationToken cancellationToken) =>
    [
        .. await Statement.QueryAsync(
            connection, PassedSql,
            [minions.ToArray(), order.Target, order.Choice, now.AddDays(-order.RequireDryRunDays)],
            row => row.GetInt64(0), cancellationToken),
    ];

    /// <summary>
    /// Minions whose last real run to this target needs attention: where it got as far as the product itself, it goes
    /// on with the channels that it was given.
    /// </summary>
    private static async Task<HashSet<long>> RepairsAsync(
        NpgsqlConnection connection, MigrationOrder order, IReadOnlyCollection<long> minions,
        CancellationToken cancellationToken) =>
    [
        .. await Statement.QueryAsync(
            connection, RepairsSql, [minions.ToArray(), order.Target], row => row.GetInt64(0), cancellationToken),
    ];

    private static JsonArray? Repaired(ChannelAssignment? assigned, ProductCatalogue? catalogue)
    {
        var known = assigned?.Labels.Select(label => catalogue?.Channel(label)).OfType<SoftwareChannel>().ToList();
        return known is null || known.Count < assigned!.Labels.Count()
            ? null
            : PreparedPillar.Channels(known.Select(
                channel => (channel.Label, channel.Name, catalogue!.UrlOf(channel), channel.Signed)));
    }

    private static JsonObject Pillar(MigrationOrder order, string runPrefix, JsonArray channels)
    {
        var pillar = new JsonObject
        {
            ["run_id"] = $"{runPrefix}-{(order.DryRun ? "dry" : "real")}",
            ["dry_run"] = order.DryRun,
            ["channels"] = channels.DeepClone(),
            ["foreign"] = order.DisableForeign ? "disable" : "keep",
            ["auto_agree_with_licenses"] = order.AgreeToLicences,
            ["replace_files"] = order.ReplaceFiles,
            ["no_recommends"] = order.NoRecommends,
            ["snapshots"] = order.Snapshots,
            ["patch_stack_first"] = order.PatchStackFirst,
        };
        if (order.AllowVendorChange is { } allowed)
        {
            pillar["allow_vendor_change"] = allowed;
        }

        if (order.From.Count > 0)
        {
            pillar["from"] = Texts(order.From);
        }

        if (order.RemoveLimit is { } limit)
        {
            pillar["remove_limit"] = limit;
        }

        if (order.ForbidRemoval.Count > 0)
        {
            pillar["forbid_removal"] = Texts(order.ForbidRemoval);
        }

        return pillar;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    internal const string OrderSql = "select arguments from action where id = $1";

    /// <summary>
    /// For each minion the beginning of its run's id, which is new after each reschedule by a user, and what an attempt
    /// since then was called with. Index earlier_attempt_pkey.
    /// </summary>
    internal const string RoundsSql = """
        select m.minion_key,
               'a' || a.id || '-' || to_char(a.created_at at time zone 'utc', 'YYYYMMDDHH24MISS') || '-'
                   || t.reorders,
               (select s.arguments::text from earlier_attempt e join submission s on s.id = e.submission_id
                where e.action_id = a.id and e.minion_key = m.minion_key and e.number > t.ordered_after
                order by e.number desc limit 1)
        from action a
        cross join unnest($2::bigint[]) as m(minion_key)
        join action_target t on t.action_id = a.id and t.minion_key = m.minion_key
        where a.id = $1
        """;

    /// <summary>Index channel_change_by_minion.</summary>
    internal const string RepairsSql = """
        select l.minion_key
        from unnest($1::bigint[]) as m(minion_key)
        cross join lateral (
            select c.minion_key, c.state, c.target, c.attention from channel_change c
            where c.minion_key = m.minion_key and not c.dry_run
            order by c.id desc limit 1) l
        where l.state = 'Kept' and l.attention is not null and l.target = $2
        """;

    /// <summary>Index channel_change_by_minion.</summary>
    internal const string PassedSql = """
        select distinct c.minion_key from channel_change c join migration_run r on r.change_id = c.id
        where c.minion_key = any($1::bigint[]) and c.dry_run and c.target = $2 and c.options = $3
          and r.outcome in ('Succeeded', 'NothingToDo') and r.read_at >= $4
        """;
}
