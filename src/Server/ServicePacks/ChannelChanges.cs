using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Database;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// The rows of changes of channels. What was assigned before is in the row before anything is sent, and its minion is
/// held for the action that changes it: both commit with the claim.
/// </summary>
internal static class ChannelChanges
{
    /// <summary>
    /// Those of the minions that have a change which has not ended; it is locked, before the minions' assignments are:
    /// whoever decides about it comes before or after.
    /// </summary>
    public static async Task<HashSet<long>> OpenAsync(
        NpgsqlConnection connection, IReadOnlyCollection<long> minions, CancellationToken cancellationToken) =>
        [.. await Statement.QueryAsync(
            connection, OpenSql, [minions.ToArray()], row => row.GetInt64(0), cancellationToken)];

    /// <summary>Records what begins on these minions, each with what it had before.</summary>
    public static async Task RecordAsync(
        NpgsqlConnection connection, ActionId action, string runId, MigrationOrder order,
        IReadOnlyList<(long Minion, ChannelAssignment? Before)> minions, ChannelAssignment after, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var keys = minions.Select(one => one.Minion).ToArray();
        await Statement.ExecuteAsync(
            connection, RecordSql,
            [
                action.Value, runId, order.DryRun, order.Target, order.Choice, Text(after), now, keys,
                new NpgsqlParameter
                {
                    Value = minions.Select(one => one.Before is null ? null : Text(one.Before)).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
                },
            ],
            cancellationToken);
        await Statement.ExecuteAsync(
            connection, HoldSql,
            [
                keys, action.Value,
                $"its channels are changed by action {action}; until that is decided nothing else is done there", now,
            ],
            cancellationToken);
    }

    /// <summary>
    /// A run that is tried again, or begun anew by a user, on minions whose change has not ended: what was assigned
    /// before the first of them stays the way back.
    /// </summary>
    public static Task<int> ReopenAsync(
        NpgsqlConnection connection, IReadOnlyCollection<long> minions, string runId, MigrationOrder order,
        ChannelAssignment after, CancellationToken cancellationToken) => Statement.ExecuteAsync(
        connection, ReopenSql, [minions.ToArray(), runId, Text(after), order.Target, order.Choice], cancellationToken);

    public static string Text(ChannelAssignment assigned) => JsonSerializer.Serialize(assigned);

    public static ChannelAssignment? Read(string? text) =>
        text is null ? null : JsonSerializer.Deserialize<ChannelAssignment>(text);

    /// <summary>Index channel_change_one_at_a_time.</summary>
    internal const string OpenSql = """
        select minion_key from channel_change
        where minion_key = any($1::bigint[]) and state in ('Open', 'Unknown', 'Reverting')
        order by id for update
        """;

    internal const string ReopenSql = """
        update channel_change
        set unproven = unproven or not dry_run and run_id <> $2, run_id = $2, after = $3::jsonb, target = $4,
            options = $5, state = 'Open', attention = null, reason = null,
            ask_action_id = null, asked_at = null, compare_action_id = null, due_at = null,
            ordered = null, ordered_by = null
        where minion_key = any($1::bigint[]) and state in ('Open', 'Unknown')
        """;

    internal const string RecordSql = """
        insert into channel_change (action_id, minion_key, run_id, dry_run, target, options, before, after, recorded_at,
                                    product_set_id)
        select $1, m.minion_key, $2, $3, $4, $5, m.before::jsonb, $6::jsonb, $7, s.product_set_id
        from unnest($8::bigint[], $9::text[]) as m(minion_key, before)
        left join minion_software s on s.minion_key = m.minion_key
        order by m.minion_key
        """;

    /// <summary>A minion that is held already is none that a claim finds ready: that would be a bug.</summary>
    internal const string HoldSql = """
        insert into minion_hold (minion_key, admits, reason, since)
        select minion_key, array[$2::bigint], $3, $4 from unnest($1::bigint[]) as m(minion_key) order by minion_key
        """;
}
