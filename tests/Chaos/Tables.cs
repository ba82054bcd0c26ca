using Npgsql;
using Saltern.Contract;

namespace Saltern.Chaos;

/// <summary>What the server's tables say when all is over.</summary>
internal sealed class Tables(Cluster database)
{
    /// <summary>How many targets are not final yet, returns not settled, changes of channels not decided.</summary>
    public async Task<long> UnfinishedAsync(CancellationToken cancellationToken) =>
        (await database.QueryAsync(UnfinishedSql, row => row.GetInt64(0), cancellationToken))[0];

    public async Task<List<TargetEnd>> ReadTargetsAsync(CancellationToken cancellationToken) =>
        WithAttempts(await database.QueryAsync(TargetsSql, ReadTarget, cancellationToken));

    /// <summary>Reads a row of <see cref="TargetsSql"/>.</summary>
    public static (TargetEnd Target, AttemptMade? Attempt) ReadTarget(NpgsqlDataReader row) => (
        new TargetEnd
        {
            Action = row.GetInt64(0),
            Master = row.GetString(1),
            Minion = row.GetString(2),
            SafeToRepeat = row.GetBoolean(3),
            Status = row.GetString(4),
            Guessed = row.GetBoolean(5),
            RanAnyway = row.GetBoolean(6),
            SettledAt = row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7),
            Reason = row.IsDBNull(8) ? null : row.GetString(8),
            Reschedules = (int)row.GetInt64(9),
            IsOnRecord = row.GetBoolean(10),
        },
        row.IsDBNull(11) ? null : new AttemptMade(row.GetInt32(11), row.GetString(12), row.GetString(13) == "Busy"));

    public static List<TargetEnd> WithAttempts(IEnumerable<(TargetEnd Target, AttemptMade? Attempt)> rows) =>
    [
        .. rows.GroupBy(row => (row.Target.Action, row.Target.Master, row.Target.Minion)).Select(group =>
            group.First().Target with
            {
                Attempts = [.. group.Select(row => row.Attempt).OfType<AttemptMade>().OrderBy(one => one.Number)],
            }),
    ];

    public async Task<HashSet<string>> ReadJobsAsync(CancellationToken cancellationToken) =>
        [.. await database.QueryAsync(JobsSql, row => row.GetString(0), cancellationToken)];

    /// <summary>Acknowledged actions that are not there, or lack targets.</summary>
    public async Task<IEnumerable<string>> MissingAsync(
        IReadOnlyList<ActionScheduled> acknowledged, CancellationToken cancellationToken)
    {
        var there = (await database.QueryAsync(
            ActionsSql, row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken)).ToHashSet();
        return acknowledged
            .Where(action => !there.Contains((action.Id, action.Targets)))
            .Select(action => $"action {action.Id} with {action.Targets} targets was acknowledged and is not there");
    }

    /// <summary>Kept counts, or the status of an action, that do not follow from its targets.</summary>
    public Task<List<string>> WrongCountsAsync(CancellationToken cancellationToken) => database.QueryAsync(
        WrongCountsSql,
        row => $"action {row.GetInt64(0)} ({row.GetString(1)}): kept counts {row.GetString(2)}, targets "
            + row.GetString(3),
        cancellationToken);

    private const string UnfinishedSql = """
        select (select count(*) from action_target where status in ('Queued', 'PickedUp'))
             + (select count(*) from inbox)
             + (select count(*) from channel_change where state not in ('Kept', 'Reverted'))
             + (select count(*) from minion_hold)
        """;

    internal const string TargetsSql = """
        select t.action_id, d.name, m.minion_id, a.safe_to_repeat, t.status, t.guessed, t.ran_anyway, t.settled_at,
               t.reason,
               (select count(*) from order_log o where o.action_id = t.action_id and o.verb = 'reschedule'),
               a.kind = 'servicepack.migrate', e.number, s.jid, e.status
        from action_target t
        join action a on a.id = t.action_id
        join minion m on m.minion_key = t.minion_key
        join key_domain d on d.id = m.key_domain_id
        left join attempt e on e.action_id = t.action_id and e.minion_key = t.minion_key
        left join submission s on s.id = e.submission_id
        """;

    private const string JobsSql = "select jid from submission where not is_ask";

    private const string ActionsSql = """
        select a.id, count(t.minion_key)
        from action a left join action_target t on t.action_id = a.id group by a.id
        """;

    private const string WrongCountsSql = """
        with counted as (
            select t.action_id, count(*) filter (where t.status = 'Queued') as queued,
                   count(*) filter (where t.status = 'PickedUp') as picked_up,
                   count(*) filter (where t.status = 'Completed') as completed,
                   count(*) filter (where t.status = 'Failed') as failed,
                   count(*) filter (where t.status = 'Cancelled') as cancelled,
                   count(*) filter (where t.status = 'Skipped') as skipped
            from action_target t group by t.action_id)
        select a.id, a.status, (k.queued, k.picked_up, k.completed, k.failed, k.cancelled, k.skipped)::text,
               (c.queued, c.picked_up, c.completed, c.failed, c.cancelled, c.skipped)::text
        from counted c
        join action a on a.id = c.action_id
        join action_counts k on k.action_id = a.id
        where (k.queued, k.picked_up, k.completed, k.failed, k.cancelled, k.skipped)
              is distinct from (c.queued, c.picked_up, c.completed, c.failed, c.cancelled, c.skipped)
           or (c.queued + c.picked_up = 0) is distinct from (a.ended_at is not null)
        order by a.id
        """;
}
