using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>
/// When each minion was last heard from, by its returns and its start events. A time is written only when the one kept
/// is more than a minute older, so a busy minion costs a write a minute, not one a return; and what returns told is
/// written together, by this loop and not by who settles them. Presence is derived from it. A start event also tells
/// which master a minion is with: among the masters of its key domain it is followed to the one it last connected to.
/// </summary>
internal sealed partial class SignsOfLife(
    NpgsqlDataSource dataSource, Bells bells, IOptions<FleetOptions> options, TimeProvider clock,
    Outage outage, ILogger<SignsOfLife> logger)
    : BackgroundService
{
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(5);

    /// <summary>Between two writes; what is heard meanwhile is written together.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>Rows written by one statement.</summary>
    private const int MostWritten = 10_000;

    private readonly Bell bell = bells.Inbox.Echo();

    /// <summary>
    /// Heard and not written yet: at most one entry for each minion. Lost without harm, with the process or a failed
    /// write: the next sign tells more.
    /// </summary>
    private readonly ConcurrentDictionary<MinionKey, bool> heard = [];

    /// <summary>
    /// The name a start event gives its master is the one in the master's own settings, which may not be ours: then the
    /// id decides, if only one minion has it. Times are the master's; none may lie in our future.
    /// </summary>
    internal const string TakeStartsSql = """
        with taken as (
            delete from start_inbox
            where id in (select id from start_inbox order by id limit $1 for update skip locked)
            returning minion_id, master_id, started_at),
        heard as (
            select minion_id, master_id, least(max(coalesce(started_at, $2)), $2) as at
            from taken group by minion_id, master_id),
        named as (
            select coalesce(d.minion_key,
                (select min(m.minion_key) from minion m
                 where m.minion_id = h.minion_id having count(*) = 1)) as minion_key, d.master_id, h.at
            from heard h
            left join lateral (
                select m.minion_key, r.id as master_id from master r
                join minion m on m.key_domain_id = r.key_domain_id and m.minion_id = h.minion_id
                where r.name = h.master_id) d on true),
        latest as (
            select minion_key, max(at) as at,
                   (array_agg(master_id order by at desc, master_id) filter (where master_id is not null))[1]
                       as master_id,
                   max(at) filter (where master_id is not null) as named_at
            from named where minion_key is not null group by minion_key),
        touched as (
            insert into minion_contact as c (minion_key, last_contact_at, started_at)
            select minion_key, at, at from latest order by minion_key
            on conflict (minion_key) do update
            set last_contact_at = greatest(c.last_contact_at, excluded.last_contact_at),
                started_at = greatest(c.started_at, excluded.started_at)
            where c.last_contact_at < excluded.last_contact_at - interval '60 s'
               or c.started_at is null or c.started_at < excluded.started_at),
        moved as (
            select l.minion_key, l.master_id, l.at
            from latest l join minion m on m.minion_key = l.minion_key
            left join minion_contact c on c.minion_key = l.minion_key
            where l.master_id <> m.master_id and m.key_status = 'accepted'
              and (c.started_at is null or c.started_at < l.named_at))
        select (select count(*)::int from taken), array(select minion_key from latest order by minion_key),
               array(select minion_key from moved order by minion_key),
               array(select master_id from moved order by minion_key),
               array(select at from moved order by minion_key)
        """;

    /// <summary>Whoever writes what keys say has read where the minions are: one after the other.</summary>
    internal const string LockDomainsSql = """
        select pg_advisory_xact_lock(7261, 1000 + d.id)
        from (select distinct m.key_domain_id as id from minion m where m.minion_key = any($1::bigint[]) order by 1) d
        """;

    /// <summary>Unless it has started elsewhere since ($3), as another batch says.</summary>
    internal const string FollowSql = """
        update minion m set master_id = f.master_id
        from unnest($1::bigint[], $2::int[], $3::timestamptz[]) as f(minion_key, master_id, at)
        where m.minion_key = f.minion_key and m.master_id <> f.master_id and m.key_status = 'accepted'
          and not exists (select 1 from minion_contact c
                          where c.minion_key = f.minion_key and c.started_at > f.at)
        """;

    /// <summary>
    /// Index minion_contact_pkey, one look-up for each key, in the order given: a planner that saw how many there are
    /// might take another way, and lock the rows in another order. Inserts only for those never heard from: an upsert
    /// of all would lock each row before it writes it.
    /// </summary>
    internal const string TouchSql = """
        with touched as (
            update minion_contact c set last_contact_at = $2
            from unnest((select $1::bigint[])) as h(minion_key)
            where c.minion_key = h.minion_key and c.last_contact_at < $2::timestamptz - interval '60 s'
            returning 1),
        first as (
            insert into minion_contact (minion_key, last_contact_at)
            select h.minion_key, $2 from unnest((select $1::bigint[])) as h(minion_key)
            where not exists (select 1 from minion_contact c where c.minion_key = h.minion_key)
            on conflict do nothing
            returning 1)
        select (select count(*) from touched) + (select count(*) from first)
        """;

    /// <summary>What was asked in vain of minions that are heard from is asked now. Index ask_on_contact.</summary>
    internal const string AskNowSql = """
        update ask k set due_at = least(k.due_at, $2), on_contact = false
        from (select action_id, minion_key, purpose from ask
              where on_contact and minion_key = any((select $1::bigint[])::bigint[])
              order by action_id, minion_key, purpose
              for update) h
        where k.action_id = h.action_id and k.minion_key = h.minion_key and k.purpose = h.purpose and k.on_contact
        """;

    /// <summary>Takes one batch of start events and returns how many, and which minions they were from.</summary>
    public async Task<(int Taken, IReadOnlyList<MinionKey> Minions)> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var passes = await Statement.QueryAsync(
            connection, TakeStartsSql, [options.Value.StartEventBatch, clock.GetUtcNow()],
            row => (row.GetInt32(0), row.GetFieldValue<long[]>(1), row.GetFieldValue<long[]>(2),
                row.GetFieldValue<int[]>(3), row.GetFieldValue<DateTimeOffset[]>(4)),
            cancellationToken);
        var (taken, minions, moved, masters, at) = passes.Single();
        if (moved.Length > 0)
        {
            await Statement.ExecuteAsync(connection, LockDomainsSql, [moved], cancellationToken);
            LogFollowed(await Statement.ExecuteAsync(connection, FollowSql, [moved, masters, at], cancellationToken));
        }

        await transaction.CommitAsync(cancellationToken);
        if (minions.Length > 0)
        {
            await Statement.ExecuteAsync(connection, AskNowSql, [minions, clock.GetUtcNow()], cancellationToken);
            bells.Due.Ring();
        }

        return (taken, [.. minions.Select(key => new MinionKey(key))]);
    }

    /// <summary>Notes that minions were heard from; this loop writes it soon.</summary>
    public void Hear(IEnumerable<MinionKey> minions)
    {
        foreach (var minion in minions)
        {
            heard[minion] = true;
        }
    }

    /// <summary>Writes what was noted, and returns for how many minions that was news.</summary>
    public async Task<int> WriteHeardAsync(CancellationToken cancellationToken)
    {
        var news = 0;
        foreach (var some in heard.Keys.Chunk(MostWritten))
        {
            foreach (var minion in some)
            {
                heard.TryRemove(minion, out _);
            }

            news += await TouchAsync(some, cancellationToken);
        }

        if (news > 0)
        {
            // What waits for a sign of life, queued or picked up, may go on.
            bells.Due.Ring();
        }

        return news;
    }

    /// <summary>Writes that minions were heard from just now, and returns for how many that was news.</summary>
    public async Task<int> TouchAsync(IEnumerable<MinionKey> minions, CancellationToken cancellationToken)
    {
        var keys = minions.Select(minion => minion.Value).Order().ToArray();
        if (keys.Length == 0)
        {
            return 0;
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = Statement.Of(connection, TouchSql, keys, clock.GetUtcNow());
        var news = (int)(long)(await command.ExecuteScalarAsync(cancellationToken))!;
        await Statement.ExecuteAsync(connection, AskNowSql, [keys, clock.GetUtcNow()], cancellationToken);
        return news;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The trigger rings the inbox's bell for start events as well.
        while (!stoppingToken.IsCancellationRequested)
        {
            await bell.WaitAsync(await DrainAsync(stoppingToken), clock, stoppingToken);
            await Task.Delay(Pace, clock, stoppingToken);
        }
    }

    private async Task<TimeSpan> DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            while ((await RunOnceAsync(cancellationToken)).Taken == options.Value.StartEventBatch)
            {
                // A full batch: there may be more.
            }

            await WriteHeardAsync(cancellationToken);
            return options.Value.StartEventInterval;
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            if (!outage.Covers(problem))
            {
                LogProblem(problem);
            }
            return AfterProblem;
        }
    }

    [LoggerMessage(LogLevel.Information, "{Minions} minions have connected to another master of their key domain")]
    private partial void LogFollowed(int minions);

    [LoggerMessage(LogLevel.Error, "Start events could not be taken; they stay and are tried again")]
    private partial void LogProblem(Exception problem);
}
