using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>Finds changes of channels about which something is to be decided, with all that is known.</summary>
internal static class ChangeReading
{
    /// <summary>So many, locked in the order of their ids; what another node is deciding is left to it.</summary>
    public static Task<List<LookedAt>> ReadAsync(
        NpgsqlConnection connection, DateTimeOffset now, int most, CancellationToken cancellationToken) =>
        Statement.QueryAsync(connection, DueSql, [now, most], Read, cancellationToken);

    private static LookedAt Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Action = new ActionId(row.GetInt64(1)),
        Minion = row.GetInt64(2),
        RunId = row.GetString(3),
        Before = ChannelChanges.Read(row.TextOrNull(4)),
        After = ChannelChanges.Read(row.GetString(5))!,
        Applying = Order(row, 6),
        Asking = Order(row, 9),
        Facts = new ChangeFacts
        {
            State = Enum.Parse<ChangeState>(row.GetString(12)),
            DryRun = row.GetBoolean(13),
            Target = Status(row, 14),
            MayHaveRun = row.GetBoolean(15),
            Overdue = row.GetBoolean(16),
            NothingRan = IsListOfTexts(row.TextOrNull(17)),
            Report = Report(row, 17) ?? Report(row, 18),
            Ordered = row.TextOrNull(23) is { } ordered ? new PersonsOrder(ordered == "Keep", row.GetString(24)) : null,
        },
        Name = row.GetString(19),
        RebootAfter = row.GetBoolean(20),
        IsDue = row.GetBoolean(21),
        Seen = row.GetString(22),
    };

    private static (ActionId, TargetStatus?, string?)? Order(NpgsqlDataReader row, int first) => row.IsDBNull(first)
        ? null
        : (new ActionId(row.GetInt64(first)), Status(row, first + 1), row.TextOrNull(first + 2));

    private static TargetStatus? Status(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : Enum.Parse<TargetStatus>(row.GetString(column));

    /// <summary>Only what is said of this very run.</summary>
    private static RunReport? Report(NpgsqlDataReader row, int column) =>
        row.TextOrNull(column) is { } text && SaltJson.TryParse(text, out var root, out _)
        && RunReport.Find(root) is { } report && report.RunId == row.GetString(3)
            ? report
            : null;

    /// <summary>
    /// How Salt says that it did not come to run a state: an SLS that is not on the master, or cannot be rendered.
    /// </summary>
    private static bool IsListOfTexts(string? returned) =>
        returned is not null && SaltJson.TryParse(returned, out var root, out _)
        && root.ValueKind is JsonValueKind.Array && root.GetArrayLength() > 0
        && root.EnumerateArray().All(text => text.ValueKind is JsonValueKind.String);

    /// <summary>
    /// A change is looked at when something about it is other than at the last look (compared as it was seen, not by
    /// time: what a transaction wrote before that look may have been seen after it only), or when an order of ours is
    /// to be given again; and only if its target is not simply under way. A run whose channels were taken back may
    /// prove late that it took place. Of the attempts of a run, one that ended as a guess may have run. Indexes
    /// channel_change_one_at_a_time, channel_change_reverted, action_target_pkey, earlier_attempt_pkey.
    /// </summary>
    internal const string DueSql = """
        select c.id, c.action_id, c.minion_key, c.run_id, c.before::text, c.after::text,
               c.apply_action_id, p.status, p.reason, c.ask_action_id, k.status, k.reason,
               c.state, c.dry_run, t.status,
               coalesce(t.guessed, false) or exists (
                   select 1 from earlier_attempt e
                   where e.action_id = c.action_id and e.minion_key = c.minion_key and e.guessed
                     and e.picked_up_at >= c.recorded_at),
               coalesce(t.status = 'PickedUp' and (t.waits or s.deadline_at <= $1), false),
               (select r.return::text from salt.salt_returns r
                where r.alter_time = t.returned_at and r.jid = s.jid and r.id = m.minion_id
                  and t.picked_up_at >= c.recorded_at limit 1),
               (select r.return::text from submission q join salt.salt_returns r on r.jid = q.jid
                where q.id = k.submission_id and r.alter_time = k.returned_at and r.id = m.minion_id
                  and k.status = 'Completed' limit 1),
               m.minion_id, coalesce((a.arguments ->> 'rebootAfter')::boolean, false),
               c.due_at is null or c.due_at <= $1, seen.now, c.ordered, c.ordered_by
        from channel_change c
        join minion m on m.minion_key = c.minion_key
        left join action_target t on t.action_id = c.action_id and t.minion_key = c.minion_key
        left join action a on a.id = c.action_id
        left join submission s on s.id = t.submission_id
        left join action_target p on p.action_id = c.apply_action_id and p.minion_key = c.minion_key
        left join action_target k on k.action_id = c.ask_action_id and k.minion_key = c.minion_key
        cross join lateral (
            select concat_ws('|', t.status, t.settled_at, t.waits, s.deadline_at <= $1, p.action_id, p.status,
                             k.action_id, k.status, c.ordered) as now) seen
        where (c.state = 'Open' and (t.status is distinct from 'PickedUp' or t.waits or s.deadline_at <= $1)
                   and (c.dry_run or t.status is distinct from 'Queued')
               or c.state in ('Unknown', 'Reverting')
               or c.state = 'Reverted' and not c.dry_run and c.ended_at > $1 - interval '60 days')
          and (c.seen is distinct from seen.now or c.due_at <= $1)
        order by c.id
        limit $2
        for update of c skip locked
        """;
}
