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
/// did: the minion knows the run by its id and hands back what is recorded. And one whose call never left is given the
/// channels that were recorded for it: they are assigned to it already, and what follows from them is something else.
/// </summary>
internal sealed class MigrationPreparation(MigrateKind kind, Catalogues catalogues) : CallPreparation
{
    public override string Kind => MigrateKind.KindName;

    public override async Task<IReadOnlyList<PreparedCall>> PrepareAsync(
        NpgsqlConnection connection, ActionId action, IReadOnlyList<long> minions, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var order = await OrderAsync(connection, action, cancellationToken);
        var rounds = (await Statement.QueryAsync(
            connection, RoundsSql, [action.Value, minions.ToArray()],
            row => (Minion: row.GetInt64(0), Prefix: row.GetString(1), Earlier: row.TextOrNull(2),
                Begun: ChannelChanges.Read(row.TextOrNull(3))),
            cancellationToken)).ToDictionary(row => row.Minion);
        var prefixes = rounds.ToDictionary(one => one.Key, one => one.Value.Prefix);
        var catalogue = await catalogues.ReadAsync(connection, everyCheck: false, cancellationToken);
        var calls = rounds.Values.Where(one => one.Earlier is not null)
            .GroupBy(one => one.Earlier, one => one.Minion)
            .Select(same => new PreparedCall([.. same], same.Key)).ToList();
        calls.AddRange(rounds.Values.Where(one => one is { Earlier: null, Begun: not null })
            .GroupBy(one => ChannelChanges.Text(one.Begun!))
            .SelectMany(same => Calls(
                order, catalogue, same.First().Begun!, [.. same.Select(one => one.Minion)], prefixes)));
        var fresh = minions.Where(minion => rounds[minion] is { Earlier: null, Begun: null }).ToList();
        var passed = order.RequireDryRunDays > 0
            ? await PassedAsync(connection, order, fresh, now, cancellationToken)
            : null;
        var repairs = await RepairsAsync(connection, order, fresh, cancellationToken);
        foreach (var group in await ServicePackTargets.ForAsync(
            connection, [.. fresh.Select(minion => new MinionKey(minion))], catalogue, order.Target,
            cancellationToken))
        {
            calls.AddRange(CallsFor(order, catalogue, group, repairs, passed, prefixes));
        }

        return calls;
    }

    private static IEnumerable<PreparedCall> CallsFor(
        MigrationOrder order, ProductCatalogue catalogue, TargetGroup group, HashSet<long> repairs,
        HashSet<long>? passed, Dictionary<long, string> prefixes)
    {
        var inGroup = group.Minions.Select(minion => minion.Value).ToList();
        var calls = new List<PreparedCall>();
        if (group.Targets.Base?.Id == order.Target && PreparedPillar.Channels(catalogue, group.Assigned) is
            { Channels.Count: > 0 })
        {
            calls.AddRange(Calls(
                order, catalogue, group.Assigned!, [.. inGroup.Where(repairs.Contains)], prefixes));
            inGroup.RemoveAll(repairs.Contains);
            if (inGroup.Count == 0)
            {
                return calls;
            }
        }

        var (channels, problem) = MigrationChoice.Of(group, order);
        if (channels is null)
        {
            calls.Add(new PreparedCall(inGroup, null, problem));
            return calls;
        }

        var untried = passed is null ? [] : inGroup.Where(minion => !passed.Contains(minion)).ToList();
        if (untried.Count > 0)
        {
            calls.Add(new PreparedCall(untried, null,
                $"no dry run of the same migration has passed within the last {order.RequireDryRunDays} days"));
        }

        calls.AddRange(Calls(order, catalogue, channels, [.. inGroup.Except(untried)], prefixes));
        return calls;
    }

    /// <summary>One call for each run id.</summary>
    private static IEnumerable<PreparedCall> Calls(
        MigrationOrder order, ProductCatalogue catalogue, ChannelAssignment assigned, IReadOnlyList<long> minions,
        Dictionary<long, string> prefixes)
    {
        var (channels, unknown) = PreparedPillar.Channels(catalogue, assigned);
        return minions.GroupBy(minion => prefixes[minion]).Select(same => channels is null
            ? new PreparedCall([.. same], null, $"no source lists the channel {unknown} any more, which it is to have")
            : new PreparedCall([.. same], PreparedPillar.Of(Pillar(order, same.Key, channels), assigned)));
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
        var reopened = open.Count == 0
            ? 0
            : await ChannelChanges.ReopenAsync(connection, open, runId, order, after, cancellationToken);
        if (reopened != open.Count)
        {
            throw new InvalidOperationException($"{reopened} of {open.Count} changes of action {action} were open");
        }

        var begun = claimed.Where(minion => !open.Contains(minion)).Order().ToList();
        if (begun.Count > 0)
        {
            await ChannelChanges.RecordAsync(
                connection, action, runId, order,
                [.. begun.Select(minion => (minion, before[new MinionKey(minion)]))], after, now, cancellationToken);
        }
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
    /// Minions whose last real run to this target did not succeed for all that is known, or needs attention: where it
    /// got as far as the product itself, it goes on with the channels that it was given. That somebody has looked at it
    /// repairs nothing.
    /// </summary>
    private static async Task<HashSet<long>> RepairsAsync(
        NpgsqlConnection connection, MigrationOrder order, IReadOnlyCollection<long> minions,
        CancellationToken cancellationToken) =>
    [
        .. await Statement.QueryAsync(
            connection, RepairsSql, [minions.ToArray(), order.Target], row => row.GetInt64(0), cancellationToken),
    ];

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
    /// For each minion the beginning of its run's id, which is new after each reschedule by a user; what an attempt
    /// since then was called with; and the channels that this action has recorded for it already, where that is not
    /// decided. Indexes earlier_attempt_pkey, channel_change_one_at_a_time.
    /// </summary>
    internal const string RoundsSql = """
        select m.minion_key,
               'a' || a.id || '-' || to_char(a.created_at at time zone 'utc', 'YYYYMMDDHH24MISS') || '-'
                   || t.reorders,
               (select s.arguments::text from earlier_attempt e join submission s on s.id = e.submission_id
                where e.action_id = a.id and e.minion_key = m.minion_key and e.number > t.ordered_after
                order by e.number desc limit 1),
               (select c.after::text from channel_change c
                where c.minion_key = m.minion_key and c.action_id = a.id and c.state in ('Open', 'Unknown'))
        from action a
        cross join unnest($2::bigint[]) as m(minion_key)
        join action_target t on t.action_id = a.id and t.minion_key = m.minion_key
        where a.id = $1
        """;

    /// <summary>Indexes channel_change_by_minion, migration_run_pkey.</summary>
    internal const string RepairsSql = """
        select l.minion_key
        from unnest($1::bigint[]) as m(minion_key)
        cross join lateral (
            select c.id, c.minion_key, c.state, c.target, c.attention from channel_change c
            where c.minion_key = m.minion_key and not c.dry_run
            order by c.id desc limit 1) l
        left join migration_run r on r.change_id = l.id
        where l.state = 'Kept' and l.target = $2
          and (l.attention is not null or coalesce(r.outcome, '') not in ('Succeeded', 'NothingToDo'))
        """;

    /// <summary>Index channel_change_by_minion.</summary>
    internal const string PassedSql = """
        select distinct c.minion_key from channel_change c join migration_run r on r.change_id = c.id
        where c.minion_key = any($1::bigint[]) and c.dry_run and c.target = $2 and c.options = $3
          and r.outcome in ('Succeeded', 'NothingToDo') and r.read_at >= $4
        """;
}
