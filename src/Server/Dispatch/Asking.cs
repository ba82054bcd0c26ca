using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Asks: small submissions of our own on behalf of targets. Some kinds need an answer before a target may be picked up
/// (a reboot needs the boot id), and more answers after it returned; what is not safe to repeat needs a minion that
/// answers a ping; overdue jobs are asked about, and those to be stopped are told. They are rows like the rest; a lost
/// one is asked again under a new jid, since an ask changes nothing on the minion. A picked-up target whose minion does
/// not answer waits for contact: it is asked as soon as the minion is heard from, and now and then.
/// </summary>
internal sealed class Asking(
    NpgsqlDataSource database, ActionKinds kinds, NodeName node, IOptions<DispatchOptions> options,
    TimeProvider clock)
{
    /// <summary>Submissions of asks made in one pass.</summary>
    private const int MostSubmissions = 20;

    /// <summary>
    /// Writes the asks that due targets need, and claims those that are due. Returns their submissions.
    /// </summary>
    public async Task<IReadOnlyList<SubmissionId>> ClaimAsync(
        MasterState master, SaltMasterOptions settings, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var known = kinds.Names.ToArray();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, Claiming.LockSql, [Claiming.MasterLockClass, master.Id], cancellationToken);
        await ForgetLostAsync(connection, master, now, cancellationToken);
        object?[] need = [master.Id, now, options.Value.AnswerCounts, settings.MaxNamesPerSubmission, known];
        await Statement.ExecuteAsync(connection, NeedSql, need, cancellationToken);
        await Statement.ExecuteAsync(connection, NeedPingSql, need, cancellationToken);
        var due = await Statement.QueryAsync(
            connection, DueSql, [master.Id, now, master.OnTrial ? 1 : MostSubmissions, known],
            row => (Action: row.GetInt64(0), Purpose: row.GetString(1),
                About: row.IsDBNull(2) ? (long?)null : row.GetInt64(2)),
            cancellationToken);
        var claimed = new List<SubmissionId>();
        foreach (var (action, purpose, about) in due)
        {
            var (submission, jid) = await Claiming.NextAsync(connection, now, cancellationToken);
            await Statement.ExecuteAsync(
                connection, ClaimSql,
                [
                    master.Id, now, action, settings.MaxNamesPerSubmission, submission.Value, jid.Value,
                    now + options.Value.AskDeadline, node.Value, options.Value.Lease, purpose, about,
                ],
                cancellationToken);
            claimed.Add(submission);
        }

        await transaction.CommitAsync(cancellationToken);
        return claimed;
    }

    /// <summary>
    /// What is done with lost asks while nothing may be handed to their master: their minions may be with another one
    /// by now.
    /// </summary>
    public async Task ForgetLostAsync(MasterState master, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, Claiming.LockSql, [Claiming.MasterLockClass, master.Id], cancellationToken);
        await ForgetLostAsync(connection, master, clock.GetUtcNow(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>
    /// Asks that nobody answered in time are asked again, after a pause; targets that were asked for because they are
    /// overdue wait for contact from now on.
    /// </summary>
    private async Task ForgetLostAsync(
        NpgsqlConnection connection, MasterState master, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var lost = (await Statement.QueryAsync(
            connection, LostSql, [master.Id, now], row => row.GetInt64(0), cancellationToken)).ToArray();
        if (lost.Length == 0)
        {
            return;
        }

        await Statement.ExecuteAsync(connection, LockLostSql, [lost], cancellationToken);
        var waiting = await Statement.QueryAsync(
            connection, WaitSql, [lost], row => (Action: new ActionId(row.GetInt64(0)), Count: row.GetInt32(1)),
            cancellationToken);
        await Statement.ExecuteAsync(
            connection, ForgetLostSql,
            [lost, now, options.Value.AskDeadline, options.Value.AskAbsent], cancellationToken);
        var counters = new Counters();
        foreach (var (action, count) in waiting)
        {
            counters.Add(action, new CountChange(Waiting: count));
        }

        await counters.ApplyAsync(connection, now, cancellationToken);
    }

    /// <summary>Index submission_past_deadline.</summary>
    internal const string LostSql = """
        select id from submission
        where master_id = $1 and is_ask and outstanding + waiting > 0 and deadline_at <= $2
        """;

    /// <summary>Asks before targets, and these before submissions, as settling does. Index ask_under_way.</summary>
    internal const string LockLostSql = """
        select count(*) from (
            select 1 from ask where submission_id = any($1::bigint[])
            order by action_id, minion_key, purpose for update) as locked
        """;

    /// <summary>
    /// Targets of overdue submissions whose minion did not answer: awaited no more, so that others have their places.
    /// </summary>
    internal const string WaitSql = """
        with unheard as (
            select t.action_id, t.minion_key
            from ask k
            join action_target t on t.action_id = k.action_id and t.minion_key = k.minion_key
            join submission s on s.id = t.submission_id
            where k.submission_id = any($1::bigint[]) and k.answered_at is null and t.status = 'PickedUp'
              and not t.waits and s.watched_at is not null
            order by t.action_id, t.minion_key
            for update of t),
        waiting as (
            update action_target t
            set waits = true,
                reason = coalesce('being stopped by ' || t.stopped_by || '; ', '')
                    || 'the minion does not answer; waiting for contact'
            from unheard u where t.action_id = u.action_id and t.minion_key = u.minion_key
            returning t.action_id, t.submission_id),
        fewer as (
            update submission s set outstanding = s.outstanding - w.targets, waiting = s.waiting + w.targets
            from (select submission_id, count(*)::int as targets from waiting group by submission_id) w
            where s.id = w.submission_id)
        select action_id, count(*)::int from waiting group by action_id
        """;

    /// <summary>
    /// $3 the pause before a minion is asked again, $4 the longest it becomes by doubling: one answer may be lost on
    /// its way, ten tell that the minion is away. A kind's own question keeps its pace while its target is in time. A
    /// minion that was heard from while the ask was out (on_contact no more) may have come too late for it, and is
    /// asked again at once. An ask that is answered at this moment is no longer lost. Index ask_under_way.
    /// </summary>
    internal const string ForgetLostSql = """
        with forgotten as (
            update ask k
            set submission_id = null,
                on_contact = t.status = 'PickedUp',
                tries = k.tries + 1,
                due_at = $2::timestamptz
                    + case when k.purpose = 'Kind' and not coalesce(t.waits, false) then $3::interval
                           when k.tries > 0 and not k.on_contact and t.status = 'PickedUp' then interval '0 s'
                           else least($4::interval, $3::interval * power(2, least(k.tries, 20))) end
            from (select action_id, minion_key, purpose from ask
                  where submission_id = any($1::bigint[]) and answered_at is null
                  order by action_id, minion_key, purpose
                  for update) l
            left join action_target t on t.action_id = l.action_id and t.minion_key = l.minion_key
            where k.action_id = l.action_id and k.minion_key = l.minion_key and k.purpose = l.purpose
            returning 1)
        update submission
        set outstanding = 0, waiting = 0, outcome = coalesce(outcome, 'Unclear'),
            outcome_at = coalesce(outcome_at, $2)
        where id = any($1::bigint[]) and (select count(*) from forgotten) >= 0
        """;

    /// <summary>
    /// Due targets of kinds that ask first, without an answer that still counts and without an ask under way; a minion
    /// with an exclusive action in flight is left alone until that has ended.
    /// </summary>
    internal const string NeedSql = """
        insert into ask (action_id, minion_key, purpose, due_at)
        select t.action_id, t.minion_key, 'Kind', $2
        from action a
        join action_target t on t.action_id = a.id
        join minion m on m.minion_key = t.minion_key
        left join ask k on k.action_id = t.action_id and k.minion_key = t.minion_key and k.purpose = 'Kind'
        where a.asks_first and a.status in ('Scheduled', 'Running') and a.cancelled_at is null
          and a.earliest_at <= $2 and a.expires_at > $2 and a.kind = any($5::text[])
          and t.status = 'Queued' and m.master_id = $1
          and (t.not_before is null or t.not_before <= $2)
          and (k.action_id is null or k.answered_at <= $2 - $3::interval)
          and (select t.action_id = any(h.admits) from minion_hold h where h.minion_key = t.minion_key) is not false
          and not exists (select 1 from action_target x
                          where x.minion_key = t.minion_key and x.exclusive and x.status = 'PickedUp')
        order by t.action_id, t.minion_key limit $4
        on conflict (action_id, minion_key, purpose) do update
        set due_at = $2, answered_at = null, answer = null, before = null, submission_id = null, on_contact = false
        """;

    /// <summary>
    /// Due targets of what is not safe to repeat, on minions that were not heard from just now. One that does not
    /// answer is pinged now and then; any sign of life makes its target ready.
    /// </summary>
    internal const string NeedPingSql = $"""
        insert into ask (action_id, minion_key, purpose, due_at)
        select t.action_id, t.minion_key, 'Ping', $2
        from action a
        join action_counts c on c.action_id = a.id
        cross join lateral (
            select case when a.batch_size is not null then a.batch_size
                        when a.batch_percent is not null then greatest(1, c.total::bigint * a.batch_percent / 100)
                        else c.total end - c.picked_up + c.waiting as size) w
        cross join lateral (
            select t.action_id, t.minion_key
            from action_target t
            join minion m on m.minion_key = t.minion_key
            left join ask k on k.action_id = t.action_id and k.minion_key = t.minion_key and k.purpose = 'Ping'
            where t.action_id = a.id and t.status = 'Queued' and m.master_id = $1
              and (t.not_before is null or t.not_before <= $2)
              and (k.action_id is null or k.answered_at <= $2 - $3::interval)
              and (select t.action_id = any(h.admits) from minion_hold h where h.minion_key = t.minion_key)
                  is not false
              and not {ReadyTargets.IsHeard}
              and not (a.exclusive and exists (
                  select 1 from action_target x
                  where x.minion_key = t.minion_key and x.exclusive and x.status = 'PickedUp'))
            order by t.minion_key limit greatest(0, least($4, w.size))) t
        where not a.safe_to_repeat and not a.asks_first and a.status in ('Scheduled', 'Running')
          and a.cancelled_at is null and a.earliest_at <= $2 and a.expires_at > $2 and a.kind = any($5::text[])
          and c.queued > 0
        order by t.action_id, t.minion_key limit $4
        on conflict (action_id, minion_key, purpose) do update
        set due_at = $2, answered_at = null, submission_id = null, tries = 0
        """;

    /// <summary>Whether the answer would still tell something.</summary>
    private const string IsWanted = """
        case when k.purpose = 'Ping' then t.status = 'Queued'
             when k.about is not null then t.status = 'PickedUp' and t.submission_id = k.about
             else t.status in ('Queued', 'PickedUp') end
        """;

    /// <summary>Index ask_due.</summary>
    internal const string DueSql = $"""
        select distinct k.action_id, k.purpose, k.about
        from ask k
        join action a on a.id = k.action_id
        join action_target t on t.action_id = k.action_id and t.minion_key = k.minion_key
        join minion m on m.minion_key = k.minion_key
        where k.answered_at is null and k.submission_id is null and k.due_at <= $2 and m.master_id = $1
          and a.kind = any($4::text[]) and {IsWanted}
        order by k.action_id, k.purpose, k.about limit $3
        """;

    internal const string ClaimSql = $"""
        with chosen as (
            select k.action_id, k.minion_key, k.purpose
            from ask k
            join action_target t on t.action_id = k.action_id and t.minion_key = k.minion_key
            join minion m on m.minion_key = k.minion_key
            where k.action_id = $3 and k.purpose = $10 and k.about is not distinct from $11
              and k.answered_at is null and k.submission_id is null and k.due_at <= $2
              and m.master_id = $1 and {IsWanted}
            order by k.minion_key limit $4
            for update of k skip locked),
        asked as (
            update ask k set submission_id = $5, asked_at = $2
            from chosen c
            where k.action_id = c.action_id and k.minion_key = c.minion_key and k.purpose = c.purpose
            returning k.minion_key)
        insert into submission (id, action_id, master_id, jid, ask_purpose, about, minions, outstanding, created_at,
                                deadline_at, not_after, owner, lease_until)
        select $5, $3, $1, $6, $10, $11, count(*), count(*), $2, $7, $7, $8, now() + $9::interval
        from asked having count(*) > 0
        """;
}
