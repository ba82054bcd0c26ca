namespace Saltern.Server.Dispatch;

/// <summary>
/// Which queued targets of an action may be claimed now. One condition, used to find what is ready and again by the
/// claim itself. It speaks of <c>t</c> (the target), <c>m</c> (its minion), <c>a</c> (its action) and the parameters
/// $1 (master), $2 (now) and $3 (how long an answer counts).
/// </summary>
internal static class ReadyTargets
{
    /// <summary>
    /// One exclusive action at a time on a minion, in the order of (earliest time, id): nothing exclusive in flight
    /// there (index action_target_one_exclusive), and no earlier exclusive action still queued for it (index
    /// action_target_turn, which has what is queued for a minion in just that order).
    /// </summary>
    public const string Condition = $"""
        t.status = 'Queued' and m.master_id = $1 and (t.not_before is null or t.not_before <= $2)
        and (select t.action_id = any(h.admits) from minion_hold h where h.minion_key = t.minion_key) is not false
        and (not a.exclusive or not exists (
            select 1 from action_target x
            where x.minion_key = t.minion_key and x.exclusive and x.status = 'PickedUp'))
        and (not a.exclusive or not exists (
            select 1 from action_target q
            where q.minion_key = t.minion_key and q.exclusive and q.status = 'Queued'
              and (q.earliest_at, q.action_id) < (a.earliest_at, a.id) and {CountsInLine}))
        and (not a.asks_first or {IsAnswered})
        and (a.safe_to_repeat or a.asks_first or {IsHeard})
        """;

    /// <summary>
    /// Whether the minion was heard from just now: what is not safe to repeat is handed to no other, so that waiting
    /// for it costs no attempt and needs no guess. A ping that was answered counts by itself: signs of life are written
    /// a little later, and not at all by a process that dies.
    /// </summary>
    public const string IsHeard = """
        (exists (
            select 1 from minion_contact c
            where c.minion_key = t.minion_key and c.last_contact_at > $2 - $3::interval)
         or exists (
            select 1 from ask k
            where k.action_id = t.action_id and k.minion_key = t.minion_key and k.purpose = 'Ping'
              and k.answered_at > $2 - $3::interval))
        """;

    /// <summary>
    /// Whether a queued target <c>q</c> stands in the line of its minion. One that is held back (by itself, or since
    /// its minion admits only others), or whose action has expired or was cancelled, lets others pass. As values, so
    /// that they are looked up for the one row and not joined.
    /// </summary>
    public const string CountsInLine = """
        (q.not_before is null or q.not_before <= $2)
        and (select b.status in ('Scheduled', 'Running') and b.cancelled_at is null and b.expires_at > $2
             from action b where b.id = q.action_id)
        and (select q.action_id = any(h.admits) from minion_hold h where h.minion_key = q.minion_key) is not false
        """;

    /// <summary>Whether the minion has answered what must be asked before the target is picked up.</summary>
    public const string IsAnswered = """
        exists (
            select 1 from ask k
            where k.action_id = t.action_id and k.minion_key = t.minion_key and k.purpose = 'Kind'
              and k.answer is not null
              and k.answered_at > $2 - $3::interval)
        """;
}
