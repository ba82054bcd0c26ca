using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;

namespace Saltern.Server.Health;

/// <summary>
/// Whether this node can do its work, and which dependency is away if not. Masters are told but do not count: orders
/// are taken and kept while a master is away, so no load balancer should turn people away for it.
/// </summary>
internal sealed partial class Readiness(
    NpgsqlDataSource database, Outage outage, TimeProvider clock, ILogger<Readiness> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    internal const string SchemaSql = "select coalesce(max(number), 0) from saltern.schema_change";

    internal const string MastersSql = """
        select name, health, paused_at is not null from saltern.master order by name limit 1000
        """;

    public async Task<ReadinessReport> CheckAsync(CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await using var connection = await database.OpenConnectionAsync(either.Token);
            var applied = (await Statement.QueryAsync(
                connection, SchemaSql, [], row => row.GetInt32(0), either.Token))[0];
            var known = SchemaChange.Embedded().Count;
            var masters = await Statement.QueryAsync(connection, MastersSql, [], ReadMaster, either.Token);
            var schema = new DependencyState(
                "schema", applied == known,
                applied == known ? $"at change {applied}" : $"at change {applied}, this program knows {known}");
            return new ReadinessReport(
                applied == known, [new DependencyState("database", true, "reachable"), schema, .. masters]);
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException or TimeoutException
            && !cancellationToken.IsCancellationRequested)
        {
            // Anybody may ask: names of hosts, users and databases are for the log alone.
            if (!outage.Covers(error))
            {
                LogNotReady(error);
            }

            var reason = error is OperationCanceledException
                ? $"no answer within {Patience.TotalSeconds:0} s"
                : "it does not answer; the log has the reason";
            return new ReadinessReport(false, [new DependencyState("database", false, reason)]);
        }
    }

    private static DependencyState ReadMaster(NpgsqlDataReader row)
    {
        var health = row.GetString(1);
        var paused = row.GetBoolean(2) ? " (paused)" : "";
        return new DependencyState($"master {row.GetString(0)}", health == "up", $"{health}{paused}");
    }

    [LoggerMessage(LogLevel.Warning, "Not ready: the database does not answer")]
    private partial void LogNotReady(Exception error);
}
