using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Metrics;

namespace Saltern.Server.Health;

/// <summary>
/// How large the tables are, by what PostgreSQL knows without reading them: file sizes, and its own estimates of rows.
/// The tables of the job cache are the sums of their days.
/// </summary>
internal sealed record StorageSizes(
    long DatabaseBytes, IReadOnlyList<StorageSizes.TableSize> Tables, IReadOnlyList<StorageSizes.DaysOf> Days)
{
    public sealed record TableSize(string Table, long Bytes, long Rows);

    /// <summary>Oldest and Newest are null where there is no day; OutsideRows lie in the default partition.</summary>
    public sealed record DaysOf(
        string Table, long Count, DateTime? Oldest, DateTime? Newest, long OutsideBytes, long OutsideRows);

    private const string Rows = "greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)::bigint";

    internal const string DatabaseSql = "select pg_database_size(current_database())";

    internal const string TablesSql = $"""
        select coalesce(p.relname, c.relname), sum(coalesce(pg_total_relation_size(c.oid), 0))::bigint,
               sum({Rows})::bigint
        from pg_class c
        left join pg_inherits i on i.inhrelid = c.oid
        left join pg_class p on p.oid = i.inhparent
        where c.relkind = 'r' and c.relnamespace in ('saltern'::regnamespace, 'salt'::regnamespace)
        group by 1 order by 1 limit 200
        """;

    internal const string DaysSql = $"""
        select p.relname, count(d.day), min(d.day), max(d.day),
               coalesce(sum(pg_total_relation_size(c.oid)) filter (where d.day is null), 0)::bigint,
               coalesce(sum({Rows}) filter (where d.day is null), 0)::bigint
        from pg_class p
        join pg_inherits i on i.inhparent = p.oid
        join pg_class c on c.oid = i.inhrelid
        cross join lateral (
            select case when c.relname ~ '_[0-9]+$' then to_date(right(c.relname, 8), 'YYYYMMDD') end as day) d
        where p.relnamespace = 'salt'::regnamespace and p.relkind = 'p'
        group by p.relname order by p.relname
        """;

    public static async Task<StorageSizes> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var database = (await Statement.QueryAsync(
            connection, DatabaseSql, [], row => row.GetInt64(0), cancellationToken))[0];
        var tables = await Statement.QueryAsync(
            connection, TablesSql, [], row => new TableSize(row.GetString(0), row.GetInt64(1), row.GetInt64(2)),
            cancellationToken);
        var days = await Statement.QueryAsync(
            connection, DaysSql, [],
            row => new DaysOf(
                row.GetString(0), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetDateTime(2),
                row.IsDBNull(3) ? null : row.GetDateTime(3), row.GetInt64(4), row.GetInt64(5)),
            cancellationToken);
        return new StorageSizes(database, tables, days);
    }

    public void Write(MetricsText text)
    {
        text.Single("saltern_database_bytes", "gauge", "Size of the whole database on disk.", DatabaseBytes);
        Samples(
            text, "saltern_table_bytes", "Size of a table on disk, its indexes and all its days included.", Tables,
            one => one.Table, one => one.Bytes);
        Samples(
            text, "saltern_table_rows", "Rows of a table, as PostgreSQL estimates them.", Tables, one => one.Table,
            one => one.Rows);
        Samples(text, "saltern_job_cache_days", "Days that the job cache holds.", Days, one => one.Table,
            one => one.Count);
        Samples(
            text, "saltern_job_cache_oldest_day_timestamp_seconds", "Begin of the oldest day in the job cache.",
            Days.Where(one => one.Oldest is not null), one => one.Table, one => Seconds(one.Oldest!.Value));
        Samples(
            text, "saltern_job_cache_newest_day_timestamp_seconds", "Begin of the last day made ahead.",
            Days.Where(one => one.Newest is not null), one => one.Table, one => Seconds(one.Newest!.Value));
        Samples(
            text, "saltern_job_cache_outside_days_bytes", "Size of what lies outside all days of the job cache.", Days,
            one => one.Table, one => one.OutsideBytes);
        Samples(
            text, "saltern_job_cache_outside_days_rows", "Rows outside all days of the job cache, estimated.", Days,
            one => one.Table, one => one.OutsideRows);
    }

    private static double Seconds(DateTime day) => (day - DateTime.UnixEpoch).TotalSeconds;

    private static void Samples<T>(
        MetricsText text, string name, string help, IEnumerable<T> all, Func<T, string> table, Func<T, double> value)
    {
        text.Metric(name, "gauge", help);
        foreach (var one in all)
        {
            text.Sample(name, [new("table", table(one))], value(one));
        }
    }
}
