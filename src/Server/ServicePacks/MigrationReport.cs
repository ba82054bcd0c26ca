using Npgsql;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// What a migration has come to over all its minions. Counted by PostgreSQL, from the latest change of each minion;
/// what leaves it is bounded, however many minions and packages there are.
/// </summary>
internal sealed class MigrationReport(NpgsqlDataSource database)
{
    private const int MostGroups = 50;

    /// <summary>Null where there is no such migration.</summary>
    public async Task<MigrationSummary?> OfAsync(ActionId action, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var totals = await Statement.QueryAsync(
            connection, TotalsSql, [action.Value, MigrateKind.KindName],
            row => Enumerable.Range(0, 12).Select(row.GetInt32).ToArray(), cancellationToken);
        return totals is not [var counts]
            ? null
            : new MigrationSummary
            {
                Action = action.Value,
                DryRun = counts[10] == 1,
                Targets = counts[0],
                Succeeded = counts[1],
                NothingToDo = counts[2],
                Failed = counts[3],
                WithoutResult = counts[4] - counts[11],
                NotYetRead = counts[11],
                RebootsNeeded = counts[5],
                Attention = counts[6],
                Verified = counts[7],
                Differing = counts[8],
                NotYetVerified = counts[9],
                Failures = await GroupsAsync(FailuresSql),
                Others = await GroupsAsync(OthersSql),
                Removals = await GroupsAsync(RemovalsSql),
                Differences = await GroupsAsync(DifferencesSql),
                FoundAfter = await GroupsAsync(FoundSql),
            };

        async Task<IReadOnlyList<MigrationGroup>> GroupsAsync(string sql) => await Statement.QueryAsync(
            connection, sql, [action.Value, MostGroups],
            row => new MigrationGroup(
                row.GetString(0), row.TextOrNull(1), row.GetInt32(2), row.GetFieldValue<string[]>(3)),
            cancellationToken);
    }

    /// <summary>Changes of channels, the latest first; before the one with this id.</summary>
    public async Task<IReadOnlyList<ChannelChangeSummary>> ChangesAsync(
        long? action, bool attention, long? before, int most, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, ChangesSql, [action, attention, before ?? long.MaxValue, most],
            row => new ChannelChangeSummary
            {
                Id = row.GetInt64(0),
                Action = row.GetInt64(1),
                Minion = row.GetString(2),
                RunId = row.GetString(3),
                DryRun = row.GetBoolean(4),
                State = row.GetString(5),
                Reason = row.TextOrNull(6),
                Attention = row.TextOrNull(7),
                RecordedAt = row.GetFieldValue<DateTimeOffset>(8),
                EndedAt = row.TimeOrNull(9),
                Domain = row.GetString(10),
                Verification = row.TextOrNull(11),
                Found = row.TextOrNull(12),
            },
            cancellationToken);
    }

    /// <summary>The latest change of each minion of action $1. Index channel_change_by_run.</summary>
    private const string Latest = """
        latest as materialized (
            select distinct on (minion_key) id, minion_key, state, attention from channel_change
            where action_id = $1 order by minion_key, id desc)
        """;

    /// <summary>Of a change c; what a later real run has settled, or says again, needs none any more.</summary>
    private const string NeedsAttention = """
        c.attention is not null and not exists (
            select 1 from channel_change n
            where n.minion_key = c.minion_key and n.id > c.id and n.state = 'Kept' and not n.dry_run)
        """;

    private const string Grouped = """
        count(*)::int,
        array(select x from unnest((array_agg(m.minion_id order by m.minion_id))[1:5]) as x)
        """;

    /// <summary>
    /// A run that has ended is undecided until its result is read (<see cref="ChangeDeciding"/>). Indexes
    /// channel_change_by_run, action_target_pkey.
    /// </summary>
    internal const string TotalsSql = $"""
        with {Latest}
        select c.total,
               count(r.change_id) filter (where r.outcome in ('Succeeded', 'NothingToDo'))::int,
               count(r.change_id) filter (where r.outcome = 'NothingToDo')::int,
               count(r.change_id) filter (where r.outcome in ('Failed', 'Interrupted'))::int,
               c.total - count(r.change_id) filter (where r.outcome not in ('Running', 'NotBegun'))::int,
               count(r.change_id) filter (where r.reboot_needed and not coalesce(
                   k.restart_action_id is not null and k.not_restarted is null
                   and k.state not in ('Restart', 'Restarting'), false))::int,
               (select count(*) from channel_change c where c.action_id = $1 and {NeedsAttention})::int,
               count(k.change_id) filter (where k.state = 'Verified')::int,
               count(k.change_id) filter (where k.state = 'Differs')::int,
               count(k.change_id) filter (where k.state not in ('Verified', 'Differs'))::int,
               coalesce((a.arguments ->> 'dryRun')::boolean, true)::int,
               count(t.status) filter (where r.change_id is null)::int
        from action a
        join action_counts c on c.action_id = a.id
        left join latest l on true
        left join migration_run r on r.change_id = l.id
        left join migration_check k on k.change_id = l.id
        left join action_target t on t.action_id = $1 and t.minion_key = l.minion_key
          and l.state = 'Open' and t.status in ('Completed', 'Failed')
        where a.id = $1 and a.kind = $2
        group by 1, 11
        """;

    internal const string FailuresSql = $"""
        with {Latest}
        select coalesce(r.failure, 'unknown'), coalesce(r.cause, split_part(r.comment, E'\n', 1)), {Grouped}
        from latest l join migration_run r on r.change_id = l.id join minion m on m.minion_key = l.minion_key
        where r.outcome in ('Failed', 'Interrupted')
        group by 1, 2 order by 3 desc, 1, 2 limit $2
        """;

    internal const string OthersSql = $"""
        with {Latest}
        select t.status, t.reason, {Grouped}
        from action_target t
        join minion m on m.minion_key = t.minion_key
        left join latest l on l.minion_key = t.minion_key
        left join migration_run r on r.change_id = l.id
        where t.action_id = $1 and t.status in ('Failed', 'Skipped', 'Cancelled') and r.change_id is null
          and (t.status <> 'Failed' or l.state is distinct from 'Open')
        group by 1, 2 order by 3 desc, 1, 2 limit $2
        """;

    internal const string RemovalsSql = $"""
        with {Latest}
        select p.name, null::text, {Grouped}
        from latest l join migration_run r on r.change_id = l.id join minion m on m.minion_key = l.minion_key
        cross join lateral unnest(r.removed) as p(name)
        group by 1 order by 3 desc, 1 limit $2
        """;

    /// <summary>What minions have otherwise than they should, and why others are not verified.</summary>
    internal const string FoundSql = $"""
        with {Latest}
        select f.word, f.line, {Grouped}
        from latest l join migration_check k on k.change_id = l.id join minion m on m.minion_key = l.minion_key
        cross join lateral (
            select 'differs' as word, unnest(k.differences) as line where k.state = 'Differs'
            union all
            select 'notYet', {NotYet} where k.state not in ('Verified', 'Differs')) f
        group by 1, 2 order by 1, 3 desc, 2 limit $2
        """;

    private const string NotYet = """
        case when k.state in ('Restart', 'Restarting') then 'its restart has not ended'
             when k.state in ('Read', 'Reading') then 'what it has is being read'
             else k.reason end
        """;

    /// <summary>
    /// Compared when the runs were read (<see cref="ReportWriting.ReportSql"/>). Counted first, and named only what is
    /// shown: there may be a million lines. A run that failed and changed nothing is told of as a failure only.
    /// </summary>
    internal const string DifferencesSql = $"""
        with {Latest},
        differing as not materialized (
            select d.word, d.step, l.minion_key
            from latest l join migration_run r on r.change_id = l.id
            cross join lateral (
                select 'notPlanned' as word, unnest(r.unplanned) as step
                union all
                select 'notDone', unnest(r.left_out)) d
            where l.state not in ('Reverting', 'Reverted')),
        shown as materialized (
            select word, step, count(*)::int as minions from differing
            group by 1, 2 order by 3 desc, 1, 2 limit $2),
        named as (
            select s.word, s.step, s.minions, (array_agg(d.minion_key order by d.minion_key))[1:5] as minion_keys
            from shown s join differing d on d.word = s.word and d.step = s.step
            group by 1, 2, 3)
        select n.word, n.step, n.minions,
               array(select m.minion_id from minion m where m.minion_key = any(n.minion_keys) order by 1)
        from named n order by 3 desc, 1, 2
        """;

    /// <summary>
    /// Indexes channel_change_pkey, channel_change_by_run, channel_change_attention, channel_change_by_minion.
    /// </summary>
    internal const string ChangesSql = $"""
        select c.id, c.action_id, m.minion_id, c.run_id, c.dry_run, c.state, c.reason, c.attention, c.recorded_at,
               c.ended_at, d.name,
               case when k.state in ('Verified', 'Differs') then k.state when k.state is not null then 'NotYet' end,
               case when k.state = 'Differs' then array_to_string(k.differences, '; ')
                    when k.state <> 'Verified' then {NotYet} end
        from channel_change c
        left join migration_check k on k.change_id = c.id
        join minion m on m.minion_key = c.minion_key
        join key_domain d on d.id = m.key_domain_id
        where ($1::bigint is null or c.action_id = $1) and c.id < $3
          and (not $2 or {NeedsAttention})
        order by c.id desc limit $4
        """;
}
