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
    /// <summary>
    /// So many, locked in the order of their ids; what another node is deciding is left to it. What is known of them is
    /// read behind the locks: a claim that has reopened one is seen with its target.
    /// </summary>
    public static async Task<List<LookedAt>> ReadAsync(
        NpgsqlConnection connection, DateTimeOffset now, int most, CancellationToken cancellationToken)
    {
        var due = await Statement.QueryAsync(
            connection, DueSql, [now, most], row => row.GetInt64(0), cancellationToken);
        return due.Count == 0
            ? []
            : await Statement.QueryAsync(connection, FactsSql, [now, due.ToArray()], Read, cancellationToken);
    }

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
        Comparing = Order(row, 29),
        Facts = new ChangeFacts
        {
            State = Enum.Parse<ChangeState>(row.GetString(12)),
            DryRun = row.GetBoolean(13),
            Target = Status(row, 14),
            MayHaveRun = row.GetBoolean(15),
            Overdue = row.GetBoolean(16),
            StartedAnew = row.GetBoolean(27),
            AskedSince = row.GetBoolean(28),
            JobIsThere = row.GetBoolean(34),
            NothingRan = IsListOfTexts(row.TextOrNull(17)),
            Report = Telling(Report(row, 17), Report(row, 18)),
            Compared = Comparison(row, 32),
            Ordered = row.TextOrNull(23) is { } ordered
                ? new PersonsOrder(ordered == "Keep", row.GetString(24), ordered == "Release")
                : null,
            Unproven = row.GetBoolean(25),
            NeverSent = row.GetBoolean(26),
        },
        Name = row.GetString(19),
        ExpiresAt = row.TimeOrNull(33),
        RebootAfter = row.GetBoolean(20),
        IsDue = row.GetBoolean(21),
        Seen = row.GetString(22),
    };

    private static (ActionId, TargetStatus?, string?)? Order(NpgsqlDataReader row, int first) => row.IsDBNull(first)
        ? null
        : (new ActionId(row.GetInt64(first)), Status(row, first + 1), row.TextOrNull(first + 2));

    private static TargetStatus? Status(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : Enum.Parse<TargetStatus>(row.GetString(column));

    /// <summary>What the minion said when asked counts where the return does not tell what changed.</summary>
    private static RunReport? Telling(RunReport? returned, RunReport? asked) =>
        returned is { Outcome: RunOutcome.Failed or RunOutcome.Interrupted, Changed: null } && asked is not null
            ? asked
            : returned ?? asked;

    /// <summary>
    /// Only what is said of this very run; parameters that were refused for a run that is on record say nothing of it.
    /// </summary>
    private static RunReport? Report(NpgsqlDataReader row, int column) =>
        row.TextOrNull(column) is { } text && SaltJson.TryParse(text, out var root, out _)
        && RunReport.Find(root) is { } report && report.RunId == row.GetString(3) && report.Failure != "parameters"
            ? report
            : null;

    private static PackageComparison? Comparison(NpgsqlDataReader row, int column) =>
        row.TextOrNull(column) is { } text && SaltJson.TryParse(text, out var root, out _)
        && PackageComparison.Find(root) is { } comparison && comparison.RunId == row.GetString(3)
            ? comparison
            : null;

    /// <summary>
    /// How Salt says that it did not come to run a state: an SLS that is not on the master, or cannot be rendered.
    /// </summary>
    private static bool IsListOfTexts(string? returned) =>
        returned is not null && SaltJson.TryParse(returned, out var root, out _)
        && root.ValueKind is JsonValueKind.Array && root.GetArrayLength() > 0
        && root.EnumerateArray().All(text => text.ValueKind is JsonValueKind.String);

    /// <summary>
    /// What a change is looked at by. Patience is over once the target is watched. A start event after the pick-up may
    /// be a mere reconnect, or the end of the job.
    /// </summary>
    private const string Known = """
        from channel_change c
        join minion m on m.minion_key = c.minion_key
        left join action_target t on t.action_id = c.action_id and t.minion_key = c.minion_key
        left join action a on a.id = c.action_id
        left join submission s on s.id = t.submission_id
        left join action_target p on p.action_id = c.apply_action_id and p.minion_key = c.minion_key
        left join action_target k on k.action_id = c.ask_action_id and k.minion_key = c.minion_key
        left join action_target d on d.action_id = c.compare_action_id and d.minion_key = c.minion_key
        left join minion_contact o on o.minion_key = c.minion_key and t.status = 'PickedUp'
          and o.started_at > t.picked_up_at
        cross join lateral (
            select coalesce(t.status = 'PickedUp'
                            and (t.waits or s.watched_at is not null or s.deadline_at <= $1), false) as overdue) l
        cross join lateral (
            select concat_ws('|', t.status, t.settled_at, t.waits, l.overdue, p.action_id, p.status,
                             k.action_id, k.status, d.action_id, d.status, c.ordered, o.started_at) as now) seen
        """;

    /// <summary>
    /// A change is looked at when something about it is other than at the last look (compared as it was seen, not by
    /// time: what a transaction wrote before that look may have been seen after it only), or when an order of ours is
    /// to be given again; and only if its target is not simply under way, on a minion that was there all the time. What
    /// was taken back may prove late that it took place, and a dry run may tell late what would be. Indexes
    /// channel_change_one_at_a_time, channel_change_reverted, channel_change_unreported, action_target_pkey,
    /// minion_contact_pkey.
    /// </summary>
    internal const string DueSql = $"""
        select c.id
        {Known}
        where (c.state = 'Open' and (t.status is distinct from 'PickedUp' or l.overdue or o.started_at is not null)
                   and (c.dry_run or t.status is distinct from 'Queued')
               or c.state in ('Unknown', 'Reverting')
               or c.state = 'Reverted' and not c.dry_run and c.ended_at > $1 - interval '60 days'
               or c.state = 'Reverted' and c.dry_run and not c.reported and t.returned_at is not null
                   and c.ended_at > $1 - interval '7 days')
          and (c.seen is distinct from seen.now or c.due_at <= $1)
        order by c.id
        limit $2
        for update of c skip locked
        """;

    /// <summary>
    /// Of the attempts of a run, one before the latest may have run whatever it said, unless its minion was busy. Index
    /// earlier_attempt_pkey.
    /// </summary>
    internal const string FactsSql = $"""
        select c.id, c.action_id, c.minion_key, c.run_id, c.before::text, c.after::text,
               c.apply_action_id, p.status, p.reason, c.ask_action_id, k.status, k.reason,
               c.state, c.dry_run, t.status,
               coalesce(t.guessed, false) or c.unproven or exists (
                   select 1 from earlier_attempt e
                   where e.action_id = c.action_id and e.minion_key = c.minion_key and e.status <> 'Busy'
                     and e.picked_up_at >= c.recorded_at),
               l.overdue,
               (select r.return::text from salt.salt_returns r
                where r.alter_time = t.returned_at and r.jid = s.jid and r.id = m.minion_id
                  and t.picked_up_at >= c.recorded_at limit 1),
               (select r.return::text from submission q join salt.salt_returns r on r.jid = q.jid
                where q.id = k.submission_id and r.alter_time = k.returned_at and r.id = m.minion_id
                  and k.status = 'Completed' limit 1),
               m.minion_id, coalesce((a.arguments ->> 'rebootAfter')::boolean, false),
               c.due_at is null or c.due_at <= $1, seen.now, c.ordered, c.ordered_by, c.unproven,
               coalesce(
                   t.status = 'Failed' and not t.guessed and t.returned_at is null and t.stopped_by is null, false),
               o.started_at is not null, coalesce(c.asked_at >= o.started_at, false),
               c.compare_action_id, d.status, d.reason,
               (select r.return::text from submission q join salt.salt_returns r on r.jid = q.jid
                where q.id = d.submission_id and r.alter_time = d.returned_at and r.id = m.minion_id
                  and d.status = 'Completed' limit 1),
               a.expires_at,
               exists (select 1 from ask f
                       where f.action_id = c.action_id and f.minion_key = c.minion_key and f.purpose = 'FindJob'
                         and f.about = t.submission_id and f.answer = 'Runs' and f.answered_at >= o.started_at)
        {Known}
        where c.id = any($2::bigint[])
        order by c.id
        """;

    internal const string SetAsideSql = $"""
        with due as ({DueSql}),
        known as (select c.id, seen.now {Known} where c.id in (select id from due))
        update channel_change c set seen = k.now, due_at = $1::timestamptz + interval '1 h', attention = $3
        from known k where c.id = k.id
        """;
}
