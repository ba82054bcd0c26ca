using System.Diagnostics;
using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;
using Saltern.Server.Metrics;

namespace Saltern.Server.Health;

/// <summary>
/// Writes /metrics: what the slices measured, and what only the tables know. Targets are summed from the kept counters
/// of actions that are not archived; the inbox is counted up to a bound.
/// </summary>
internal sealed class Gauges
{
    private const int MostCounted = 100_000;

    /// <summary>
    /// Anybody may ask, without a token and as often as they like; the tables are read so often at most.
    /// </summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>Sizes cost a look at each file, and change slowly.</summary>
    private static readonly TimeSpan SizesPace = TimeSpan.FromSeconds(30);

    private readonly NpgsqlDataSource database;
    private readonly MetricsCollector collector;
    private readonly TimeProvider clock;
    private readonly PacedRead<Tables> tables;

    /// <summary>Read and written by one reading of the tables at a time.</summary>
    private (StorageSizes Sizes, long At)? sizes;

    public Gauges(NpgsqlDataSource database, MetricsCollector collector, TimeProvider clock)
    {
        this.database = database;
        this.collector = collector;
        this.clock = clock;
        tables = new PacedRead<Tables>(ReadTablesAsync, Pace, clock);
    }

    internal const string TargetsSql = """
        select coalesce(sum(c.queued), 0)::bigint, coalesce(sum(c.picked_up), 0)::bigint,
               coalesce(sum(c.completed), 0)::bigint, coalesce(sum(c.failed), 0)::bigint,
               coalesce(sum(c.cancelled), 0)::bigint, coalesce(sum(c.skipped), 0)::bigint
        from saltern.action a join saltern.action_counts c on c.action_id = a.id where a.archived_at is null
        """;

    internal const string InboxSql = """
        select count(*) from (select 1 from saltern.inbox limit $1) as some_returns
        """;

    internal const string OldestSql = "select returned_at from saltern.inbox order by id limit 1";

    internal const string MastersSql = """
        select name, health, paused_at is not null, failures, unavailable_until
        from saltern.master order by name limit 1000
        """;

    public async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        var text = new MetricsText();
        collector.Write(text);
        WriteProcess(text);
        try
        {
            WriteTables(text, await tables.AskAsync(cancellationToken));
            text.Single("saltern_database_up", "gauge", "Whether the database answered this scrape.", 1);
        }
        catch (NpgsqlException)
        {
            // What the process itself knows is still worth showing, and this sample tells what is amiss.
            text.Single("saltern_database_up", "gauge", "Whether the database answered this scrape.", 0);
        }

        return text.ToString();
    }

    private static void WriteProcess(MetricsText text)
    {
        using var self = Process.GetCurrentProcess();
        text.Single(
            "process_resident_memory_bytes", "gauge", "Memory of this process that is in RAM.", self.WorkingSet64);
        text.Single(
            "dotnet_gc_heap_bytes", "gauge", "Managed memory in use.", GC.GetTotalMemory(forceFullCollection: false));
        text.Single(
            "process_cpu_seconds_total", "counter", "CPU time of this process.", self.TotalProcessorTime.TotalSeconds);
    }

    private async Task<Tables> ReadTablesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var sums = (await Statement.QueryAsync(
            connection, TargetsSql, [], row => Enumerable.Range(0, 6).Select(row.GetInt64).ToArray(),
            cancellationToken))[0];
        var inbox = (await Statement.QueryAsync(
            connection, InboxSql, [MostCounted], row => row.GetInt64(0), cancellationToken))[0];
        var oldest = await Statement.QueryAsync(
            connection, OldestSql, [], row => row.IsDBNull(0) ? (DateTimeOffset?)null
                : row.GetFieldValue<DateTimeOffset>(0), cancellationToken);
        var masters = await Statement.QueryAsync(
            connection, MastersSql, [],
            row => new MasterLine(
                row.GetString(0), row.GetString(1), row.GetBoolean(2), row.GetInt32(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4)),
            cancellationToken);
        if (sizes is not { } last || clock.GetElapsedTime(last.At) >= SizesPace)
        {
            sizes = last = (await StorageSizes.ReadAsync(connection, cancellationToken), clock.GetTimestamp());
        }

        return new Tables(sums, inbox, oldest is [{ } since] ? since : null, masters, last.Sizes);
    }

    private void WriteTables(MetricsText text, Tables read)
    {
        var (sums, inbox, oldest, masters, sizes) = read;
        sizes.Write(text);
        text.Metric("saltern_targets", "gauge", "Targets of actions that are not archived, by status.");
        for (var i = 0; i < sums.Length; i++)
        {
            text.Sample("saltern_targets", [new("status", TargetStatusNames.All[i])], sums[i]);
        }

        text.Single(
            "saltern_inbox_depth", "gauge", $"Returns that wait to be settled, counted up to {MostCounted}.", inbox);
        text.Single(
            "saltern_settle_lag_seconds", "gauge", "Age of the return that waits longest to be settled.",
            oldest is { } since ? Math.Max(0, (clock.GetUtcNow() - since).TotalSeconds) : 0);
        WriteMasters(text, masters);
    }

    private void WriteMasters(MetricsText text, List<MasterLine> masters)
    {
        var now = clock.GetUtcNow();
        Write("saltern_master_up", "Whether a master answered when last looked at.",
            master => master.Health == "up" ? 1 : 0);
        Write("saltern_master_paused", "Whether a person paused a master: nothing is handed to it.",
            master => master.Paused ? 1 : 0);
        Write("saltern_master_failures", "How often a master failed in a row; 0 when it has taken a job.",
            master => master.Failures);
        Write("saltern_master_left_alone_seconds", "For how long nothing is handed to a master that failed.",
            master => master.UnavailableUntil is { } until ? Math.Max(0, (until - now).TotalSeconds) : 0);

        void Write(string name, string help, Func<MasterLine, double> value)
        {
            text.Metric(name, "gauge", help);
            foreach (var master in masters)
            {
                text.Sample(name, [new("master", master.Name)], value(master));
            }
        }
    }

    private sealed record MasterLine(
        string Name, string Health, bool Paused, int Failures, DateTimeOffset? UnavailableUntil);

    private sealed record Tables(
        long[] Targets, long Inbox, DateTimeOffset? Oldest, List<MasterLine> Masters, StorageSizes Sizes);
}
