using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Asks: small submissions of our own on behalf of targets. Some kinds need an answer before a target may be picked up
/// (a reboot needs the boot id), and more answers after it returned. They are rows like the rest; a lost one is asked
/// again under a new jid, since an ask changes nothing on the minion.
/// </summary>
internal sealed class Asking(
    NpgsqlDataSource database, ActionKinds kinds, NodeName node, IOptions<DispatchOptions> options,
    TimeProvider clock)
{
    /// <summary>Actions served in one pass.</summary>
    private const int MostActions = 20;

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
        await Statement.ExecuteAsync(
            connection, ForgetLostSql, [master.Id, now, now + options.Value.AskDeadline], cancellationToken);
        await Statement.ExecuteAsync(
            connection, NeedSql, [master.Id, now, options.Value.AnswerCounts, settings.MaxNamesPerSubmission, known],
            cancellationToken);
        var due = await Statement.QueryAsync(
            connection, DueSql, [master.Id, now, MostActions, known], row => row.GetInt64(0), cancellationToken);
        var claimed = new List<SubmissionId>();
        foreach (var action in due)
        {
            var (submission, jid) = await Claiming.NextAsync(connection, now, cancellationToken);
            await Statement.ExecuteAsync(
                connection, ClaimSql,
                [
                    master.Id, now, action, settings.MaxNamesPerSubmission, submission.Value, jid.Value,
                    now + options.Value.AskDeadline, node.Value, options.Value.Lease,
                ],
                cancellationToken);
            claimed.Add(submission);
        }

        await transaction.CommitAsync(cancellationToken);
        return claimed;
    }

    /// <summary>
    /// Asks that nobody answered in time may be asked again after a pause. Index submission_past_deadline.
    /// </summary>
    internal const string ForgetLostSql = """
        with lost as (
            update submission s
            set outstanding = 0, outcome = coalesce(outcome, 'Unclear'), outcome_at = coalesce(outcome_at, $2)
            where master_id = $1 and is_ask and outstanding > 0 and deadline_at <= $2
            returning s.id, s.action_id)
        update ask k set submission_id = null, due_at = $3 from lost l
        where k.action_id = l.action_id and k.submission_id = l.id and k.answered_at is null
        """;

    /// <summary>
    /// Due targets of kinds that ask first, without an answer that still counts and without an ask under way; a minion
    /// with an exclusive action in flight is left alone until that has ended.
    /// </summary>
    internal const string NeedSql = """
        insert into ask (action_id, minion_key, purpose, due_at)
        select t.action_id, t.minion_key, a.kind, $2
        from action a
        join action_target t on t.action_id = a.id
        join minion m on m.minion_key = t.minion_key
        left join ask k on k.action_id = t.action_id and k.minion_key = t.minion_key
        where a.asks_first and a.status in ('Scheduled', 'Running') and a.cancelled_at is null
          and a.earliest_at <= $2 and a.expires_at > $2 and a.kind = any($5::text[])
          and t.status = 'Queued' and m.master_id = $1
          and (t.not_before is null or t.not_before <= $2)
          and (k.action_id is null or k.answered_at <= $2 - $3::interval)
          and not exists (select 1 from action_target x
                          where x.minion_key = t.minion_key and x.exclusive and x.status = 'PickedUp')
        order by t.action_id, t.minion_key limit $4
        on conflict (action_id, minion_key) do update
        set due_at = $2, answered_at = null, answer = null, before = null, submission_id = null
        """;

    /// <summary>Index ask_due.</summary>
    internal const string DueSql = """
        select distinct k.action_id
        from ask k
        join action a on a.id = k.action_id
        join action_target t on t.action_id = k.action_id and t.minion_key = k.minion_key
        join minion m on m.minion_key = k.minion_key
        where k.answered_at is null and k.submission_id is null and k.due_at <= $2 and m.master_id = $1
          and a.kind = any($4::text[]) and t.status in ('Queued', 'PickedUp')
        order by k.action_id limit $3
        """;

    internal const string ClaimSql = """
        with chosen as (
            select k.action_id, k.minion_key
            from ask k
            join action_target t on t.action_id = k.action_id and t.minion_key = k.minion_key
            join minion m on m.minion_key = k.minion_key
            where k.action_id = $3 and k.answered_at is null and k.submission_id is null and k.due_at <= $2
              and m.master_id = $1 and t.status in ('Queued', 'PickedUp')
            order by k.minion_key limit $4
            for update of k skip locked),
        asked as (
            update ask k set submission_id = $5, asked_at = $2
            from chosen c where k.action_id = c.action_id and k.minion_key = c.minion_key
            returning k.minion_key)
        insert into submission (id, action_id, master_id, jid, is_ask, minions, outstanding, created_at, deadline_at,
                                not_after, owner, lease_until)
        select $5, $3, $1, $6, true, count(*), count(*), $2, $7, $7, $8, now() + $9::interval
        from asked having count(*) > 0
        """;
}
