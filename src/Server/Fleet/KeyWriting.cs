using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>
/// Writes what the masters of one key domain reported. One statement decides for the whole domain; rows that are as
/// reported are not touched. A key that differs from the one known for an accepted minion is flagged and not taken: the
/// known one stays until a person has the key deleted and accepted again, or trusts the new one. A master that suddenly
/// lists less than half of its minions is not believed at once: until a later reading says the same they stay, and its
/// state says so.
/// </summary>
internal static class KeyWriting
{
    /// <summary>
    /// Nodes that read at the same time write one after the other. A planner that believes a new fleet to be small
    /// would search the list of its keys once for each minion, for minutes: it may only join by hash or by order.
    /// </summary>
    internal const string LockSql = """
        select id, pg_advisory_xact_lock(7261, 1000 + id), set_config('enable_nestloop', 'off', true)
        from key_domain where name = $1
        """;

    /// <summary>
    /// $1 domain, $2 to $6 the reports, $7 masters that were read, $8 masters of the settings, $9 when reading
    /// began. A row is taken over by the best report if its own master was read or is no more, or if only the report
    /// has the key accepted; but what masters said before moves no minion that has started since.
    /// </summary>
    internal const string WriteSql = """
        with report as (
            select r.*, s.id as master_id
            from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[])
                as r(master, minion_id, status, fingerprint, conflict)
            join master s on s.name = r.master),
        best as (
            select distinct on (r.minion_id) r.*, m.minion_key
            from report r left join minion m on m.key_domain_id = $1 and m.minion_id = r.minion_id
            order by r.minion_id, r.status <> 'accepted', r.master_id is distinct from m.master_id,
                     array_position(array['pending', 'rejected', 'denied'], r.status), r.master_id),
        differing as (
            select minion_id from report group by minion_id
            having count(distinct fingerprint) > 1 or bool_or(conflict)),
        decided as (
            select b.minion_id, b.minion_key, b.master_id, b.status, b.fingerprint, d.minion_id is not null as differs,
                   (m.master_id is null or m.key_status = 'deleted' or o.name = any($7) or o.name <> all($8)
                       or (b.status = 'accepted' and m.key_status <> 'accepted'))
                       and (b.master_id is not distinct from m.master_id or m.key_status is distinct from 'accepted'
                            or not coalesce(c.started_at >= $9, false)) as takes,
                   coalesce(m.key_fingerprint <> b.fingerprint, false)
                       and m.key_status = 'accepted' and b.status in ('accepted', 'pending') as other_key
            from best b
            left join minion m on m.minion_key = b.minion_key
            left join master o on o.id = m.master_id
            left join minion_contact c on c.minion_key = m.minion_key
            left join differing d on d.minion_id = b.minion_id),
        written as (
            insert into minion as m (key_domain_id, minion_id, master_id, key_status, key_fingerprint,
                                     fingerprint_conflict, first_seen_at)
            select $1, d.minion_id,
                   case when d.takes then d.master_id else m.master_id end,
                   case when d.takes then d.status else m.key_status end,
                   case when d.takes and not d.other_key then coalesce(d.fingerprint, m.key_fingerprint)
                        else m.key_fingerprint end,
                   d.differs or d.other_key, $9
            from decided d left join minion m on m.minion_key = d.minion_key
            order by d.minion_id
            on conflict (key_domain_id, minion_id) do update
            set master_id = excluded.master_id, key_status = excluded.key_status,
                key_fingerprint = excluded.key_fingerprint, fingerprint_conflict = excluded.fingerprint_conflict
            where (m.master_id, m.key_status, m.key_fingerprint, m.fingerprint_conflict) is distinct from
                  (excluded.master_id, excluded.key_status, excluded.key_fingerprint, excluded.fingerprint_conflict)
            returning 1)
        select count(*)::int from written
        """;

    /// <summary>
    /// $2 the ids reported, $3 the masters that were read, $4 now, $5 how long a loss of more than half of more than 10
    /// minions is doubted. Returns the masters whose loss does not count yet. Index minion_by_master.
    /// </summary>
    internal const string DoubtSql = """
        with known as (
            select s.id, count(m.minion_key) as before, count(r.id) as listed
            from master s
            left join minion m on m.master_id = s.id and m.key_status <> 'deleted'
            left join (select distinct unnest($2::text[]) as id) r on r.id = m.minion_id and m.key_domain_id = $1
            where s.name = any($3::text[])
            group by s.id),
        weighed as (
            select s.id, k.before, k.listed, coalesce(s.keys_doubted_at, $4) as since,
                   k.before > 10 and k.listed * 2 < k.before
                       and coalesce(s.keys_doubted_at, $4) > $4 - $5::interval as doubted
            from known k join master s on s.id = k.id)
        update master s
        set keys_doubted_at = case when w.doubted then w.since end,
            keys_doubt = case when w.doubted then format(
                'it lists %s of its %s minions; the others count as gone only if a reading after %s says the same',
                w.listed, w.before, to_char((w.since + $5) at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"')) end
        from weighed w
        where s.id = w.id and (w.doubted or s.keys_doubted_at is not null)
        returning s.name, w.doubted
        """;

    /// <summary>
    /// $2 the ids reported, $3 the masters that were read, $4 when the reading began: a minion that has started since
    /// has a key that no answer could list. Index minion_by_master.
    /// </summary>
    internal const string GoneSql = """
        update minion m set key_status = 'deleted', fingerprint_conflict = false
        from (select n.minion_key
              from master s
              join minion n on n.master_id = s.id and n.key_status <> 'deleted'
              left join (select distinct unnest($2::text[]) as id) r on r.id = n.minion_id and n.key_domain_id = $1
              left join minion_contact c on c.minion_key = n.minion_key
              where s.name = any($3) and r.id is null and not coalesce(c.started_at >= $4, false)) g
        where m.minion_key = g.minion_key
        """;

    internal const string ReadAtSql = "update master set keys_read_at = $2 where name = any($1)";

    public static async Task<KeysRead> WriteAsync(
        NpgsqlDataSource dataSource, string domain, string[] configured, KeyReports reports, DateTimeOffset began,
        TimeSpan doubtFor, CancellationToken cancellationToken)
    {
        if (reports.Masters.Count == 0)
        {
            return new KeysRead(domain, 0, 0, 0);
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var domainId = (await Statement.QueryAsync(
            connection, LockSql, [domain], row => row.GetInt32(0), cancellationToken)).Single();
        var read = reports.Masters.ToArray();
        var written = await Statement.QueryAsync(
            connection,
            WriteSql,
            [
                domainId, reports.MasterColumn, reports.MinionColumn, reports.StatusColumn,
                new NpgsqlParameter
                {
                    Value = reports.FingerprintColumn, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
                },
                reports.ConflictColumn, read, configured, began,
            ],
            row => row.GetInt32(0),
            cancellationToken);
        var weighed = await Statement.QueryAsync(
            connection, DoubtSql, [domainId, reports.MinionColumn, read, began, doubtFor],
            row => (Name: row.GetString(0), Doubted: row.GetBoolean(1)), cancellationToken);
        var doubted = weighed.Where(master => master.Doubted).Select(master => master.Name).ToArray();
        var gone = await Statement.ExecuteAsync(
            connection, GoneSql, [domainId, reports.MinionColumn, read.Except(doubted).ToArray(), began],
            cancellationToken);
        await Statement.ExecuteAsync(connection, ReadAtSql, [read, began], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new KeysRead(domain, read.Length, written.Single(), gone) { Doubted = doubted };
    }
}
