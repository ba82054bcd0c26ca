using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Housekeeping;

/// <summary>
/// Removes what does not end with a day of the job cache: rows that no day was made for and lie in the default
/// partitions (a wrong clock, or a Saltern that was away longer than its days ahead), and the table of jids. In bounded
/// batches, each a transaction of its own, so that no master waits. What is not settled yet stays.
/// </summary>
internal sealed partial class JobCacheRest(
    NpgsqlDataSource database, IOptions<HousekeepingOptions> options, TimeProvider clock, ILogger<JobCacheRest> log)
{
    /// <summary>Rows removed in one transaction.</summary>
    internal const int BatchSize = 5_000;

    /// <summary>Removes what is older than is kept; returns how many rows.</summary>
    public async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var day = today.AddDays(-options.Value.KeepDays);
        var before = BeginOf(day);
        var eventsBefore = BeginOf(today.AddDays(-options.Value.KeepEventDays));
        var beforeJid = day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var returns = await InBatchesAsync(
            connection, ReturnsSql, [before, now.AddDays(1), beforeJid, options.Value.KeptResultCharacters],
            cancellationToken);
        var events = await InBatchesAsync(connection, EventsSql, [eventsBefore, now.AddDays(1)], cancellationToken);
        var jids = await InBatchesAsync(connection, JidsSql, [beforeJid], cancellationToken);
        if (returns + events + jids > 0)
        {
            LogRemoved(returns, events, jids);
        }

        return returns + events + jids;
    }

    private static DateTimeOffset BeginOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static async Task<int> InBatchesAsync(
        NpgsqlConnection connection, string sql, object?[] values, CancellationToken cancellationToken)
    {
        var removed = 0;
        int batch;
        do
        {
            batch = await Statement.ExecuteAsync(connection, sql, [BatchSize, .. values], cancellationToken);
            removed += batch;
        }
        while (batch == BatchSize);
        return removed;
    }

    /// <summary>
    /// A row whose time cannot be true (none, or to come) is as old as its jid. Its rows are never updated, so that
    /// ctid names them. A scan, of a partition that is nearly empty as a rule.
    /// </summary>
    internal const string ReturnsSql = """
        with old as materialized (
            select r.ctid as place, r.jid, r.id, r.alter_time, r.return
            from salt.salt_returns_default r
            where (r.alter_time < $2
                   or (r.alter_time is null or r.alter_time > $3) and r.jid < $4 and r.jid ~ '^[0-9]{20}')
              and not exists (select 1 from inbox i where i.jid = r.jid)
              and not exists (select 1 from submission s where s.jid = r.jid and s.outstanding + s.waiting > 0)
            limit $1),
        kept as (
            insert into kept_result (action_id, minion_key, number, result, cut)
            select a.action_id, a.minion_key, a.number, left(o.return::text, $5), length(o.return::text) > $5
            from old o
            join submission s on s.jid = o.jid
            join master h on h.id = s.master_id
            join minion m on m.key_domain_id = h.key_domain_id and m.minion_id = o.id
            join attempt a on a.action_id = s.action_id and a.minion_key = m.minion_key and a.submission_id = s.id
              and a.returned_at is not distinct from o.alter_time
            for key share of s
            on conflict do nothing)
        delete from salt.salt_returns_default d using old o where d.ctid = o.place
        """;

    /// <summary>
    /// An event whose time cannot be true is as old as its number, measured by an event of the oldest day that is
    /// kept.
    /// </summary>
    internal const string EventsSql = """
        delete from salt.salt_events_default
        where ctid = any(array(
            select ctid from salt.salt_events_default
            where alter_time < $2
               or (alter_time is null or alter_time > $3)
                  and id < (select e.id from salt.salt_events e
                            where e.alter_time >= $2 and e.alter_time < $2::timestamptz + interval '24 h' limit 1)
            limit $1))
        """;

    /// <summary>Index jids_pkey. A jid that does not begin with a date has no age.</summary>
    internal const string JidsSql = """
        delete from salt.jids
        where jid = any(array(
            select j.jid from salt.jids j
            where j.jid < $2 and j.jid ~ '^[0-9]{20}'
              and not exists (select 1 from submission s where s.jid = j.jid and s.outstanding + s.waiting > 0)
            order by j.jid limit $1))
        """;

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Removed {Returns} returns and {Events} events without a day, and {Jids} jids, from the job cache")]
    private partial void LogRemoved(int returns, int events, int jids);
}
