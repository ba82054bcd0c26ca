using System.Globalization;
using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Finds changes of channels about which something is to be decided, with all that is known. What minions returned is
/// read one after the other and no further than <see cref="MostBytes"/> in one go.
/// </summary>
internal static class ChangeReading
{
    /// <summary>As the settler's usual limit; a plan of one package takes some 240 bytes.</summary>
    public const int LargestBody = 16 * 1024 * 1024;

    private const long MostBytes = 32 * 1024 * 1024;

    /// <summary>
    /// So many, locked in the order of their ids; what another node is deciding is left to it. What is known of them is
    /// read behind the locks: a claim that has reopened one is seen with its target. Fewer, and at least one, where
    /// what they returned comes to more than is read in one go: the others are found by the next pass. Says whether
    /// more are due.
    /// </summary>
    public static async Task<(List<LookedAt> Looked, bool More)> ReadAsync(
        NpgsqlConnection connection, DateTimeOffset now, int most, CancellationToken cancellationToken)
    {
        var due = await Statement.QueryAsync(
            connection, DueSql, [now, most], row => row.GetInt64(0), cancellationToken);
        if (due.Count == 0)
        {
            return ([], false);
        }

        var taken = await TakeAsync(connection, due, cancellationToken);
        var looked = await Statement.QueryAsync(
            connection, FactsSql, [now, taken, LargestBody], Read, cancellationToken);
        return (looked, due.Count == most || taken.Length < due.Count);
    }

    /// <summary>As many as may be read in one go, and at least one; their sizes are found out bit by bit.</summary>
    private static async Task<long[]> TakeAsync(
        NpgsqlConnection connection, List<long> due, CancellationToken cancellationToken)
    {
        var taken = new List<long>();
        var left = MostBytes;
        foreach (var some in due.Chunk(25))
        {
            var sizes = await Statement.QueryAsync(
                connection, SizesSql, [some, LargestBody], row => (Id: row.GetInt64(0), Bytes: row.GetInt64(1)),
                cancellationToken);
            taken.AddRange(sizes.TakeWhile((one, index) => (left -= one.Bytes) >= 0 || taken.Count + index == 0)
                .Select(one => one.Id));
            if (left < 0)
            {
                break;
            }
        }

        return [.. taken];
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
        AskedAt = row.TimeOrNull(37),
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
            Moved = row.GetBoolean(39),
            AskedTooEarly = row.GetBoolean(38),
            NothingRan = IsListOfTexts(row.TextOrNull(17)),
            Report = Telling(Report(row, 17, 35), Report(row, 18, 36)),
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
    /// A return that is too large to be read says that the run failed, if it did, and no more.
    /// </summary>
    private static RunReport? Report(NpgsqlDataReader row, int column, int size)
    {
        if (!row.IsDBNull(size) && row.GetInt64(size) > LargestBody)
        {
            return Status(row, 14) is TargetStatus.Failed
                ? new RunReport
                {
                    RunId = row.GetString(3), Outcome = RunOutcome.Failed,
                    Comment = string.Create(
                        CultureInfo.InvariantCulture,
                        $"what the minion returned has {row.GetInt64(size)} bytes, and no more than {LargestBody} are "
                        + $"read to decide by; look at its result."),
                }
                : null;
        }

        return row.TextOrNull(column) is { } text && SaltJson.TryParse(text, out var root, out _)
            && RunReport.Find(root) is { } report && report.RunId == row.GetString(3) && report.Failure != "parameters"
                ? report
                : null;
    }

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
    /// What a change is looked at by. Each row is looked up for the one change: joined, a fleet's targets would be read
    /// as a whole. Patience is over once the target is watched. A start event after the pick-up may be a mere
    /// reconnect, or the end of the job. Indexes action_target_pkey, submission_pkey, minion_contact_pkey.
    /// </summary>
    private const string Known = """
        left join lateral (
            select x.status, x.settled_at, x.waits, x.guessed, x.stopped_by, x.submission_id, x.picked_up_at,
                   x.returned_at
            from action_target x where x.action_id = c.action_id and x.minion_key = c.minion_key limit 1) t on true
        left join lateral (
            select x.action_id, x.status, x.reason from action_target x
            where x.action_id = c.apply_action_id and x.minion_key = c.minion_key limit 1) p on true
        left join lateral (
            select x.action_id, x.status, x.reason, x.submission_id, x.returned_at from action_target x
            where x.action_id = c.ask_action_id and x.minion_key = c.minion_key limit 1) k on true
        left join lateral (
            select x.action_id, x.status, x.reason, x.submission_id, x.returned_at from action_target x
            where x.action_id = c.compare_action_id and x.minion_key = c.minion_key limit 1) d on true
        left join lateral (
            select x.started_at from minion_contact x
            where x.minion_key = c.minion_key and t.status = 'PickedUp' and x.started_at > t.picked_up_at limit 1) o
            on true
        cross join lateral (
            select coalesce(t.status = 'PickedUp' and (t.waits or (
                       select b.watched_at is not null or b.deadline_at <= $1
                       from submission b where b.id = t.submission_id)), false) as overdue) l
        cross join lateral (
            select concat_ws('|', t.status, t.settled_at, t.waits, l.overdue, p.action_id, p.status,
                             k.action_id, k.status, d.action_id, d.status, c.ordered, o.started_at) as now) seen
        """;

    private const string Columns = """
        c.id, c.state, c.action_id, c.minion_key, c.dry_run, c.apply_action_id, c.ask_action_id, c.compare_action_id,
        c.ordered, c.seen, c.due_at
        """;

    /// <summary>
    /// A change is looked at when something about it is other than at the last look (compared as it was seen, not by
    /// time: what a transaction wrote before that look may have been seen after it only), or when an order of ours is
    /// to be given again; and only if its target is not simply under way, on a minion that was there all the time. A
    /// run whose channels were taken back may prove late that it took place, and a dry run may tell late what would be.
    /// <para>
    /// Of a fleet that migrates most changes wait for a run that is under way: those are passed over by two indexes
    /// alone, without reading rows. While a change is open, its own target is the only exclusive one that may be picked
    /// up on its minion, which is held for it. Where very many are due, some of them are looked for. The runs of a
    /// submission that is late are looked at each, and those whose minions have started since. Indexes
    /// channel_change_under_way, action_target_one_exclusive, submission_past_deadline, channel_change_open_since,
    /// minion_contact_by_start, channel_change_undecided, channel_change_reverted, channel_change_unreported,
    /// channel_change_pkey.
    /// </para>
    /// </summary>
    internal const string DueSql = $"""
        with looked as materialized (
            select {Columns} from channel_change c
            where c.state = 'Open' and c.id = any(array(
                select f.id from channel_change f
                where f.state = 'Open' and not exists (
                    select from action_target x
                    where x.minion_key = f.minion_key and x.exclusive and x.status = 'PickedUp')))
            union all
            select {Columns}
            from (select distinct s.action_id from submission s
                  where s.outstanding + s.waiting > 0
                    and (s.deadline_at <= $1 or s.watched_at is not null or s.waiting > 0)) late
            join channel_change c on c.action_id = late.action_id and c.state = 'Open'
            join action_target x on x.minion_key = c.minion_key and x.exclusive and x.status = 'PickedUp'
            union all
            select {Columns}
            from minion_contact w
            join channel_change c on c.minion_key = w.minion_key and c.state = 'Open'
            join action_target x on x.minion_key = c.minion_key and x.exclusive and x.status = 'PickedUp'
              and x.picked_up_at < w.started_at
            where w.started_at > (select min(f.recorded_at) from channel_change f where f.state = 'Open')
            union all
            select {Columns} from channel_change c where c.state in ('Unknown', 'Reverting')
            union all
            select {Columns} from channel_change c
            where c.state = 'Reverted' and not c.dry_run and c.ended_at > $1 - interval '60 days'
            union all
            select {Columns} from channel_change c
            where c.state = 'Reverted' and c.dry_run and not c.reported and c.ended_at > $1 - interval '7 days'
              and (select x.returned_at from action_target x
                   where x.action_id = c.action_id and x.minion_key = c.minion_key) is not null),
        due as materialized (
            select c.id
            from looked c
            {Known}
            where (c.state <> 'Open' or (t.status is distinct from 'PickedUp' or l.overdue or o.started_at is not null)
                                        and (c.dry_run or t.status is distinct from 'Queued'))
              and (c.seen is distinct from seen.now or c.due_at <= $1)
            limit greatest($2::bigint * 4, 2000))
        select c.id from channel_change c
        where c.id = any(array(select id from due)) and c.state <> 'Kept'
        order by c.id
        limit $2
        for update of c skip locked
        """;

    /// <summary>What the target's return says, or the minion when it was asked for its record.</summary>
    private const string Bodies = """
        left join lateral (
            select r.return, octet_length(r.return::text)::bigint as bytes
            from submission s join salt.salt_returns r on r.jid = s.jid
            where s.id = t.submission_id and r.alter_time = t.returned_at and r.id = m.minion_id
              and t.picked_up_at >= c.recorded_at limit 1) returned on true
        left join lateral (
            select r.return, octet_length(r.return::text)::bigint as bytes
            from submission s join salt.salt_returns r on r.jid = s.jid
            where s.id = k.submission_id and r.alter_time = k.returned_at and r.id = m.minion_id
              and k.status = 'Completed' limit 1) asked on true
        left join lateral (
            select r.return, octet_length(r.return::text)::bigint as bytes
            from submission s join salt.salt_returns r on r.jid = s.jid
            where s.id = d.submission_id and r.alter_time = d.returned_at and r.id = m.minion_id
              and d.status = 'Completed' limit 1) compared on true
        """;

    /// <summary>
    /// How much would be read of each, in the order of ids. Indexes channel_change_pkey, salt_returns_jid_id.
    /// </summary>
    internal const string SizesSql = $"""
        select c.id, case when returned.bytes <= $2::bigint then returned.bytes else 0 end
                   + case when asked.bytes <= $2::bigint then asked.bytes else 0 end
                   + case when compared.bytes <= $2::bigint then compared.bytes else 0 end
        from channel_change c
        join minion m on m.minion_key = c.minion_key
        left join action_target t on t.action_id = c.action_id and t.minion_key = c.minion_key
        left join action_target k on k.action_id = c.ask_action_id and k.minion_key = c.minion_key
        left join action_target d on d.action_id = c.compare_action_id and d.minion_key = c.minion_key
        {Bodies}
        where c.id = any($1::bigint[])
        order by c.id
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
               case when returned.bytes <= $3::bigint then returned.return::text end,
               case when asked.bytes <= $3::bigint then asked.return::text end,
               m.minion_id, coalesce((a.arguments ->> 'rebootAfter')::boolean, false),
               c.due_at is null or c.due_at <= $1, seen.now, c.ordered, c.ordered_by, c.unproven,
               coalesce(t.status = 'Failed' and not t.guessed and t.returned_at is null and t.stopped_by is null,
                        false),
               o.started_at is not null, coalesce(c.asked_at >= o.started_at, false),
               c.compare_action_id, d.status, d.reason,
               case when compared.bytes <= $3::bigint then compared.return::text end,
               a.expires_at,
               exists (select 1 from ask f
                       where f.action_id = c.action_id and f.minion_key = c.minion_key and f.purpose = 'FindJob'
                         and f.about = t.submission_id and f.answer = 'Runs' and f.answered_at >= o.started_at),
               returned.bytes, asked.bytes, c.asked_at, coalesce(c.asked_at < t.settled_at, false),
               exists (select 1 from submission s where s.id = t.submission_id and s.master_id <> m.master_id)
        from channel_change c
        {Known}
        join minion m on m.minion_key = c.minion_key
        left join action a on a.id = c.action_id
        {Bodies}
        where c.id = any($2::bigint[])
        order by c.id
        """;

    internal const string SetAsideSql = $"""
        with due as ({DueSql}),
        known as (
            select c.id, seen.now from channel_change c
            {Known}
            where c.id in (select id from due))
        update channel_change c set seen = k.now, due_at = $1::timestamptz + interval '1 h', attention = $3
        from known k where c.id = k.id
        """;
}
