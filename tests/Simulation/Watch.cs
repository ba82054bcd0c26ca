using Saltern.Server.Actions;

namespace Saltern.Simulation;

/// <summary>The invariants, looked at after each step and at each call that leaves a node.</summary>
internal sealed class Watch(World world)
{
    private static readonly TimeSpan ResendWithin = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, SentJob> sent = new(StringComparer.Ordinal);
    private readonly Dictionary<long, int> reschedules = [];
    private long lastTransition;

    public IReadOnlyDictionary<string, SentJob> Sent => sent;

    public void Rescheduled(ActionId action) =>
        reschedules[action.Value] = reschedules.GetValueOrDefault(action.Value) + 1;

    /// <summary>
    /// A call is about to leave: not early, not after the expiry or the cancel, only for targets that are picked up for
    /// it, and a second time only where that does no harm, soon after the first.
    /// </summary>
    public async Task CheckSubmissionAsync(Node node, string jid, IReadOnlyList<string> minions)
    {
        var found = await world.QueryAsync(
            SubmissionSql,
            row => new SentJob
            {
                Action = row.GetInt64(0), IsAsk = row.GetBoolean(1), SafeToRepeat = row.GetBoolean(2),
                EarliestAt = row.GetFieldValue<DateTimeOffset>(3), ExpiresAt = row.GetFieldValue<DateTimeOffset>(4),
                IsCancelled = row.GetBoolean(5), PickedUp = row.GetFieldValue<string[]>(6), Times = row.GetInt32(7),
                MostAttempts = row.GetInt32(8), FirstAt = world.Clock.GetUtcNow(),
            },
            jid);
        Require(found.Count == 1, $"{jid} is sent and is no submission");
        var now = node.Clock.GetUtcNow();
        var job = found[0];
        if (!job.IsAsk)
        {
            Require(now >= job.EarliestAt, $"{jid} is sent early, at {now:o}");
            Require(now < job.ExpiresAt, $"{jid} is sent after its expiry, at {now:o}");
            Require(job.Times > 1 || !job.IsCancelled, $"{jid} is sent after the cancel");
            Require(minions.All(job.PickedUp.Contains), $"{jid} is sent to {string.Join(',', minions)}");
        }

        Require(job.Times <= 2, $"{jid} is sent {job.Times} times");
        if (sent.TryGetValue(jid, out var first) && !job.IsAsk)
        {
            Require(job.SafeToRepeat, $"{jid}, which is not safe to repeat, is sent again");
            Require(world.Clock.GetUtcNow() - first.FirstAt <= ResendWithin, $"{jid} is sent again too late");
        }

        sent.TryAdd(jid, job);
    }

    /// <param name="reschedules">The step was an order to reschedule: what is final may be queued again.</param>
    public async Task CheckAsync(bool reschedules)
    {
        var transitions = await world.QueryAsync(
            TransitionsSql,
            row => (Id: row.GetInt64(0), Action: row.GetInt64(1), Minion: row.GetInt64(2),
                Before: Enum.Parse<TargetStatus>(row.GetString(3)), After: Enum.Parse<TargetStatus>(row.GetString(4)),
                Guessed: row.GetBoolean(5), Again: row.GetBoolean(6)),
            lastTransition);
        foreach (var one in transitions)
        {
            lastTransition = one.Id;
            var allowed = TargetLifecycle.MayBecome(one.Before, one.After)
                || (one.After is TargetStatus.Completed or TargetStatus.Failed
                    && (TargetLifecycle.GivesWayToLateReturn(one.Before, one.Guessed)
                        || (one.Before == TargetStatus.Queued && one.Again)))
                || (reschedules && TargetLifecycle.MayBeRescheduled(one.Before) && one.After == TargetStatus.Queued);
            Require(
                allowed, $"action {one.Action}, minion {one.Minion}: {one.Before} became {one.After}"
                + $"{(one.Guessed ? ", guessed" : "")}{(one.Again ? ", again" : "")}");
        }

        var picked = transitions.Where(one => one.After == TargetStatus.PickedUp).Select(one => one.Action).ToHashSet();
        var wrong = await world.QueryAsync(WrongSql, row => row.GetString(0));
        if (world.Migrates)
        {
            wrong.AddRange(await world.QueryAsync(WrongChannelsSql, row => row.GetString(0)));
        }

        Require(wrong.Count == 0, string.Join("; ", wrong));
        if (picked.Count > 0)
        {
            await CheckLimitsAsync(picked);
        }

        CheckRuns();
    }

    public static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new BrokenRuleException(rule);
        }
    }

    /// <summary>Where something was picked up: who waited and is heard of again may be more than the limit.</summary>
    private async Task CheckLimitsAsync(HashSet<long> picked)
    {
        var over = await world.QueryAsync(
            OverSql, row => row.GetString(0), picked.ToArray(),
            world.SaltSettings.Select(master => master.Name).ToArray(),
            world.SaltSettings.Select(master => master.MaxInFlight).ToArray());
        Require(over.Count == 0, string.Join("; ", over));
    }

    /// <summary>What the minions know: no job runs twice, and what is not safe to repeat only by order.</summary>
    private void CheckRuns()
    {
        foreach (var master in world.Masters)
        {
            var runs = master.Simulated.Ledger.Page(0, int.MaxValue)
                .Where(run => sent.TryGetValue(run.Jid, out var job) && job is { IsAsk: false, SafeToRepeat: false });
            foreach (var run in runs.GroupBy(run => (sent[run.Jid].Action, run.MinionId)))
            {
                var orders = 1 + reschedules.GetValueOrDefault(run.Key.Action);
                var most = sent[run.First().Jid].MostAttempts;
                Require(
                    run.All(one => one.TimesRun <= 1)
                    && run.Count(one => one.Outcome == Simulator.Ledger.LedgerOutcome.Ended) <= orders
                    && run.Sum(one => one.TimesRun) <= orders * most,
                    $"{master.Name}/{run.Key.MinionId} ran action {run.Key.Action}, which is not safe to repeat: "
                    + string.Join("; ", run));
            }
        }
    }

    private const string SubmissionSql = """
        select a.id, s.is_ask, a.safe_to_repeat, a.earliest_at, a.expires_at, a.cancelled_at is not null,
               array(select m.minion_id::text from action_target t join minion m on m.minion_key = t.minion_key
                     where t.action_id = a.id and t.submission_id = s.id and t.status = 'PickedUp'),
               s.sends, a.max_attempts
        from submission s join action a on a.id = s.action_id where s.jid = $1
        """;

    private const string TransitionsSql = """
        select id, action_id, minion_key, before, after, guessed, again
        from simulation.transition where id > $1::bigint order by id
        """;

    /// <summary>
    /// Kept counts, the status of actions, and what submissions wait for, against the targets themselves.
    /// </summary>
    private const string WrongSql = """
        with counted as (
            select t.action_id, count(*) filter (where t.status = 'Queued') as queued,
                   count(*) filter (where t.status = 'PickedUp') as picked_up,
                   count(*) filter (where t.status = 'PickedUp' and t.waits) as waiting,
                   count(*) filter (where t.status = 'Completed') as completed,
                   count(*) filter (where t.status = 'Failed') as failed,
                   count(*) filter (where t.status = 'Cancelled') as cancelled,
                   count(*) filter (where t.status = 'Skipped') as skipped
            from action_target t group by t.action_id)
        select format('action %s (%s): kept counts %s, targets %s', a.id, a.status, k, c)
        from counted c
        join action a on a.id = c.action_id
        join action_counts k on k.action_id = a.id
        where (k.queued, k.picked_up, k.waiting, k.completed, k.failed, k.cancelled, k.skipped)
              is distinct from (c.queued, c.picked_up, c.waiting, c.completed, c.failed, c.cancelled, c.skipped)
           or a.status not in ('Halted', case when c.queued + c.picked_up > 0 then
                      case when a.started_at is not null then 'Running' else 'Scheduled' end
                  when c.failed + c.skipped > 0 then 'Failed'
                  when c.completed > 0 then 'Completed' else 'Cancelled' end)
        union all
        select format('submission %s: outstanding %s and waiting %s, targets %s and %s', s.jid, s.outstanding,
                      s.waiting, t.outstanding, t.waiting)
        from submission s
        cross join lateral (
            select count(*) filter (where not t.waits) as outstanding, count(*) filter (where t.waits) as waiting
            from action_target t
            where t.action_id = s.action_id and t.submission_id = s.id and t.status = 'PickedUp') t
        where not s.is_ask and (s.outstanding, s.waiting) is distinct from (t.outstanding, t.waiting)
        union all
        select format('submission %s: %s asks wait, and it counts %s', s.jid, k.asks, s.outstanding)
        from submission s
        cross join lateral (
            select count(*) as asks from ask k where k.submission_id = s.id and k.answered_at is null) k
        where s.is_ask and k.asks > s.outstanding
        union all
        select format('action %s, minion %s: Completed, and its return for %s is not there', t.action_id, m.minion_id,
                      s.jid)
        from action_target t
        join action a on a.id = t.action_id and not a.asks_first
        join submission s on s.id = t.submission_id
        join minion m on m.minion_key = t.minion_key
        where t.status = 'Completed' and coalesce(t.reason, '') not like 'by attempt %'
          and not exists (select 1 from salt.salt_returns r where r.jid = s.jid and r.id = m.minion_id)
        union all
        select format('minion %s has %s exclusive targets in flight', minion_key, count(*))
        from action_target where exclusive and status = 'PickedUp' group by minion_key having count(*) > 1
        """;

    /// <summary>
    /// Minions that are held for no change, or changed and not held, or picked up for what their hold does not admit;
    /// records that are not what the state of the change says; and what the server did not know how to read.
    /// </summary>
    private const string WrongChannelsSql = """
        select format('minion %s: hold %s, change %s', coalesce(h.minion_key, c.minion_key), h, c)
        from (select * from channel_change where state in ('Open', 'Unknown', 'Reverting')) c
        full join minion_hold h on h.minion_key = c.minion_key
        where h.minion_key is null or c.minion_key is null
        union all
        select format('change %s has on record %s', c, a)
        from channel_change c
        left join minion_channel a on a.minion_key = c.minion_key
        cross join lateral (
            select case c.state when 'Reverting' then c.before else c.after end as labels) l
        where c.state in ('Open', 'Unknown', 'Reverting')
          and (a.base_label is distinct from l.labels ->> 'BaseLabel'
               or not a.child_labels <@ array(select jsonb_array_elements_text(l.labels -> 'ChildLabels'))
               or not a.child_labels @> array(select jsonb_array_elements_text(l.labels -> 'ChildLabels')))
        union all
        select format('minion %s: action %s was picked up, although %s', minion_key, actor, subject)
        from journal.entry where kind = 'held'
        union all
        select format('change %s: %s', id, attention) from channel_change
        where attention like 'what the minion said of its run could not be worked with%'
        """;

    private const string OverSql = """
        select format('action %s: %s in flight, batch size %s', a.id, c.picked_up - c.waiting, a.batch_size)
        from action a join action_counts c on c.action_id = a.id
        where a.id = any($1::bigint[]) and c.picked_up - c.waiting > a.batch_size
        union all
        select format('master %s: %s in flight, limit %s', m.name, sum(s.outstanding), l.most)
        from submission s
        join master m on m.id = s.master_id
        join unnest($2::text[], $3::int[]) as l(name, most) on l.name = m.name
        where not s.is_ask and exists (
            select 1 from submission p
            where p.master_id = m.id and p.action_id = any($1::bigint[]) and not p.is_ask
              and p.created_at >= (select at from simulation.clock) - interval '1 s')
        group by m.name, l.most having sum(s.outstanding) > l.most
        """;
}
