using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Metrics;

namespace Saltern.Server.Housekeeping;

/// <summary>
/// Makes the days of the job cache before they come, and ends them when their time is over. No statement here may hold
/// up a master: a new day is made apart and attached with a check that makes the look into it needless. An old one is
/// first emptied, which needs a lock on nothing but that day and gives the space back; then it is dropped, which needs
/// one on the whole table for a moment: under a short lock time-out, not at all while somebody reads for longer than
/// that, and again at the next pass where it was in vain. Either costs the same for ten rows and for ten million.
/// </summary>
internal sealed partial class JobCacheDays(
    NpgsqlDataSource database,
    ResultKeeping keeping,
    IOptions<HousekeepingOptions> options,
    TimeProvider clock,
    ILogger<JobCacheDays> log)
{
    /// <summary>How often a drop is tried in one pass; each try waits as long as the lock time-out.</summary>
    private const int DropTries = 5;

    private const string Returns = "salt_returns";

    private static readonly Counter<long> Ended = SalternMeter.Meter.CreateCounter<long>(
        "saltern_job_cache_days_ended", description: "Days of the job cache that were ended by this node.");

    private static readonly Gauge<long> NotEnded = SalternMeter.Meter.CreateGauge<long>(
        "saltern_job_cache_days_overdue",
        description: "Days of the job cache whose time is over and that the last pass could not end.");

    private static readonly string[] Tables = [Returns, "salt_events"];

    /// <summary>Whether the last pass left a day, which nobody needs any more, to those who were reading it.</summary>
    public bool ReadersWereInTheWay { get; private set; }

    /// <summary>Makes yesterday, today and the days ahead where they are missing; returns how many it made.</summary>
    public async Task<int> MakeAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var made = 0;
        foreach (var table in Tables)
        {
            var known = (await PartitionsAsync(connection, table, cancellationToken)).ToHashSet();
            for (var day = today.AddDays(-1); day <= today.AddDays(options.Value.DaysAhead); day = day.AddDays(1))
            {
                var wanted = new JobCacheDay(table, day);
                if (!known.Contains(wanted) && await MakeAsync(connection, wanted, cancellationToken))
                {
                    made++;
                }
            }
        }

        return made;
    }

    /// <summary>Ends the days whose time is over; returns how many it ended.</summary>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var all = 0;
        ReadersWereInTheWay = false;
        foreach (var table in Tables)
        {
            var before = today.AddDays(-(table == Returns ? options.Value.KeepDays : options.Value.KeepEventDays));
            var ended = 0;
            foreach (var day in await PartitionsAsync(connection, table, cancellationToken))
            {
                if (day.Day < before && await EndAsync(connection, day, cancellationToken))
                {
                    ended++;
                }
            }

            var left = (await PartitionsAsync(connection, table, cancellationToken)).Count(day => day.Day < before);

            Ended.Add(ended, new KeyValuePair<string, object?>("table", table));
            NotEnded.Record(left, new KeyValuePair<string, object?>("table", table));
            all += ended;
        }

        return all;
    }

    private async Task<bool> MakeAsync(
        NpgsqlConnection connection, JobCacheDay day, CancellationToken cancellationToken)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await Statement.ExecuteAsync(connection, LockTimeoutSql, [Timeout()], cancellationToken);
            await Statement.ExecuteAsync(connection, MakeSql(day), [], cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            LogMade(day.Partition);
            return true;
        }
        catch (PostgresException problem) when (problem.SqlState == PostgresErrorCodes.CheckViolation)
        {
            LogNotMade(day.Partition, "returns or events of that day lie in the default partition already, where they "
                + "are read and settled like all others until their time is over");
            return false;
        }
        catch (PostgresException problem)
        {
            // Another node made it, or a lock was not to be had: rows of that day have a home in the default partition,
            // so nothing is lost, and the next pass tries again.
            LogNotMade(day.Partition, problem.MessageText);
            return false;
        }
    }

    private async Task<bool> EndAsync(
        NpgsqlConnection connection, JobCacheDay day, CancellationToken cancellationToken)
    {
        try
        {
            var mark = await ResultKeeping.MarkAsync(connection, cancellationToken);
            if (day.Table == Returns)
            {
                if (!await MayEndAsync(connection, day, cancellationToken))
                {
                    return false;
                }

                await keeping.KeepAsync(connection, day, cancellationToken);
            }

            return await EmptyAsync(connection, day, mark, cancellationToken)
                && await DropAsync(connection, day, cancellationToken);
        }
        catch (PostgresException problem) when (problem.SqlState is PostgresErrorCodes.LockNotAvailable
            or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UndefinedTable)
        {
            // A reader or a writer was in the way, or another node has just ended it.
            ReadersWereInTheWay = true;
            LogNotEnded(day.Partition, problem.MessageText);
            return false;
        }
    }

    /// <summary>
    /// Looks once more, now that nobody can write into the day (a master whose clock is wrong by weeks does), and keeps
    /// what came while the rest was being kept. Then its rows go.
    /// </summary>
    private async Task<bool> EmptyAsync(
        NpgsqlConnection connection, JobCacheDay day, string mark, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, LockTimeoutSql, [Timeout()], cancellationToken);
        await Statement.ExecuteAsync(connection, LockSql(day), [], cancellationToken);
        if (day.Table == Returns)
        {
            if (!await MayEndAsync(connection, day, cancellationToken))
            {
                return false;
            }

            await keeping.KeepSinceAsync(connection, day, mark, cancellationToken);
        }

        await Statement.ExecuteAsync(connection, EmptySql(day), [], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<bool> DropAsync(
        NpgsqlConnection connection, JobCacheDay day, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            if (await IsReadForLongAsync(connection, day, cancellationToken))
            {
                ReadersWereInTheWay = true;
                LogNotEnded(day.Partition, $"it is empty, but somebody has been reading {day.Table} for long");
                return false;
            }

            try
            {
                return await DropOnceAsync(connection, day, cancellationToken);
            }
            catch (PostgresException problem) when (tries < DropTries
                && problem.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                // Whoever queued behind us goes first; who was in the way may be through by then.
            }
        }
    }

    /// <summary>
    /// The whole table first: who reads all of it holds that lock already while they wait for the day's.
    /// </summary>
    private async Task<bool> DropOnceAsync(
        NpgsqlConnection connection, JobCacheDay day, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, LockTimeoutSql, [Timeout()], cancellationToken);
        await Statement.ExecuteAsync(connection, LockAllSql(day), [], cancellationToken);
        await using (var late = Statement.Of(connection, HasRowsSql(day)))
        {
            if (await late.ExecuteScalarAsync(cancellationToken) is true)
            {
                LogNotEnded(day.Partition, "something has just been written into it");
                return false;
            }
        }

        await Statement.ExecuteAsync(connection, DropSql(day), [], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogEnded(day.Partition);
        return true;
    }

    private async Task<bool> IsReadForLongAsync(
        NpgsqlConnection connection, JobCacheDay day, CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(connection, ReadForLongSql, day.Table, options.Value.LockTimeout);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    private async Task<bool> MayEndAsync(
        NpgsqlConnection connection, JobCacheDay day, CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(connection, StillNeededSql, day.To);
        if (await command.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return true;
        }

        LogNotEnded(day.Partition, "returns of that day are not settled, or targets from then are still picked up");
        return false;
    }

    private static async Task<IReadOnlyList<JobCacheDay>> PartitionsAsync(
        NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        var names = await Statement.QueryAsync(
            connection, PartitionsSql, [table], row => row.GetString(0), cancellationToken);
        return [.. names.Select(name => JobCacheDay.Of(table, name)).OfType<JobCacheDay>()];
    }

    private string Timeout() => string.Create(
        CultureInfo.InvariantCulture, $"{(int)options.Value.LockTimeout.TotalMilliseconds}ms");

    internal const string LockTimeoutSql = "select set_config('lock_timeout', $1, true)";

    internal const string PartitionsSql = """
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = ('salt.' || $1)::regclass order by c.relname
        """;

    internal const string StillNeededSql = """
        select exists (select 1 from inbox where returned_at < $1)
            or exists (select 1 from submission where outstanding + waiting > 0 and created_at < $1)
        """;

    private static string MakeSql(JobCacheDay day) => $"""
        create table salt.{day.Partition} (like salt.{day.Table} including all);
        alter table salt.{day.Partition} add constraint bounds
            check (alter_time >= '{day.From:O}' and alter_time < '{day.To:O}' and alter_time is not null);
        alter table salt.{day.Table} attach partition salt.{day.Partition}
            for values from ('{day.From:O}') to ('{day.To:O}');
        alter table salt.{day.Partition} drop constraint bounds;
        """;

    /// <summary>Stops writers into that one day; readers go on.</summary>
    private static string LockSql(JobCacheDay day) => $"lock table salt.{day.Partition} in share mode";

    private static string EmptySql(JobCacheDay day) => $"truncate salt.{day.Partition}";

    private static string LockAllSql(JobCacheDay day) => $"lock table only salt.{day.Table} in access exclusive mode";

    private static string HasRowsSql(JobCacheDay day) => $"select exists (select 1 from salt.{day.Partition})";

    private static string DropSql(JobCacheDay day) => $"drop table salt.{day.Partition}";

    /// <summary>
    /// Whether a lock on the whole table would have to wait for a transaction that has held one for so long already:
    /// inserts would queue behind us, in vain. Where we may not see others' transactions, the time-out alone decides.
    /// </summary>
    internal const string ReadForLongSql = """
        select exists (
            select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'relation' and l.granted
              and l.relation in (('salt.' || $1)::regclass, ('salt.' || $1 || '_default')::regclass)
              and l.database = (select oid from pg_database where datname = current_database())
              and l.pid <> pg_backend_pid() and a.xact_start < clock_timestamp() - $2::interval)
        """;

    [LoggerMessage(Level = LogLevel.Information, Message = "Made {Partition} of the job cache")]
    private partial void LogMade(string partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Did not make {Partition} of the job cache: {Problem}")]
    private partial void LogNotMade(string partition, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ended {Partition} of the job cache")]
    private partial void LogEnded(string partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Did not end {Partition} of the job cache: {Problem}")]
    private partial void LogNotEnded(string partition, string problem);
}
