using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Housekeeping;

/// <summary>
/// Gives every attempt that points into an ending day its own copy of the result, up to the cap: a few jids at a time,
/// so that no transaction holds many attempts while a late return wants to settle one of them.
/// </summary>
internal sealed class ResultKeeping(
    IOptions<HousekeepingOptions> options, IOptions<DatabaseOptions> databaseOptions)
{
    /// <summary>Submissions whose results are copied in one transaction; each has some thousand minions.</summary>
    private const int JidsAtOnce = 20;

    /// <summary>The submissions of one transaction may have the returns of a whole fleet.</summary>
    private TimeSpan Timeout => databaseOptions.Value.FleetCommandTimeout;

    /// <summary>A point in time of the database's own: rows written after it are found by it.</summary>
    public static async Task<string> MarkAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(connection, MarkSql);
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Keeps what the day holds; returns how many results it kept.</summary>
    public async Task<int> KeepAsync(
        NpgsqlConnection connection, JobCacheDay day, CancellationToken cancellationToken)
    {
        var kept = 0;
        var last = "";
        while (true)
        {
            var jids = await Statement.QueryAsync(
                connection, JidsSql(day), [last, JidsAtOnce], row => row.GetString(0), Timeout, cancellationToken);
            if (jids.Count == 0)
            {
                return kept;
            }

            kept += await KeepAsync(connection, day, [.. jids], cancellationToken);
            last = jids[^1];
        }
    }

    /// <summary>Keeps what was written into the day since the mark.</summary>
    public async Task<int> KeepSinceAsync(
        NpgsqlConnection connection, JobCacheDay day, string mark, CancellationToken cancellationToken)
    {
        var jids = await Statement.QueryAsync(
            connection, JidsSinceSql(day), [mark], row => row.GetString(0), Timeout, cancellationToken);
        return jids.Count == 0 ? 0 : await KeepAsync(connection, day, [.. jids], cancellationToken);
    }

    private Task<int> KeepAsync(
        NpgsqlConnection connection, JobCacheDay day, string[] jids, CancellationToken cancellationToken) =>
        Statement.ExecuteAsync(
            connection, KeepSql, [jids, day.From, day.To, options.Value.KeptResultCharacters], Timeout,
            cancellationToken);

    internal const string MarkSql = "select pg_snapshot_xmin(pg_current_snapshot())::xid::text";

    /// <summary>
    /// Jids that the history knows, one look-up each in the index (jid, id) of the day: what others have run costs
    /// nothing more, and the rows of a jid are passed over. In order of jids, which no join would keep.
    /// </summary>
    private static string JidsSql(JobCacheDay day) => $"""
        with recursive each as (
            (select jid from salt.{day.Partition} where jid > $1 order by jid limit 1)
            union all
            select (select d.jid from salt.{day.Partition} d where d.jid > e.jid order by d.jid limit 1)
            from each e where e.jid is not null)
        select e.jid from each e where (select true from submission s where s.jid = e.jid) limit $2
        """;

    /// <summary>By the age of the transaction that wrote the row: the writer's own clock may be weeks behind.</summary>
    private static string JidsSinceSql(JobCacheDay day) => $"""
        select distinct jid from salt.{day.Partition} where age(xmin) <= age($1::xid)
        """;

    /// <summary>Holds the submissions, so that an action which is deleted meanwhile leaves no result behind.</summary>
    internal const string KeepSql = """
        insert into kept_result (action_id, minion_key, number, result, cut)
        select a.action_id, a.minion_key, a.number, left(r.return::text, $4), length(r.return::text) > $4
        from salt.salt_returns r
        join submission s on s.jid = r.jid
        join master h on h.id = s.master_id
        join minion m on m.key_domain_id = h.key_domain_id and m.minion_id = r.id
        join attempt a on a.action_id = s.action_id and a.minion_key = m.minion_key and a.submission_id = s.id
          and a.returned_at = r.alter_time
        where r.jid = any($1::text[]) and r.alter_time >= $2 and r.alter_time < $3
        for key share of s
        on conflict do nothing
        """;
}
