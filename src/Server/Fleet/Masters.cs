using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Fleet;

/// <summary>
/// The state of the masters: whether they answer, and whether handing out work to them is paused. Their settings are
/// in the configuration; a row is only what must survive a restart and be seen by every node. A master that fails is
/// left alone for a second, then for two, and so on up to a minute, on all nodes; of several calls that fail together
/// only the first makes it longer. Then one node looks whether it is back. That it lets us in ends the pause; only
/// that it took a job sets the pauses back, so that a master that answers and publishes nothing is not tried for ever
/// at the pace of one that is well.
/// </summary>
internal sealed partial class Masters(
    NpgsqlDataSource dataSource, SaltMasters salt, Bells bells, IOptions<FleetOptions> options, TimeProvider clock,
    ILogger<Masters> logger)
{
    internal const string RegisterDomainsSql = """
        insert into key_domain (name) select distinct name from unnest($1::text[]) as d(name) order by name
        on conflict (name) do nothing
        """;

    internal const string RegisterMastersSql = """
        insert into master (name, key_domain_id)
        select s.name, d.id from unnest($1::text[], $2::text[]) as s(name, domain)
        join key_domain d on d.name = s.domain
        order by s.name
        on conflict (name) do update set key_domain_id = excluded.key_domain_id
        where master.key_domain_id <> excluded.key_domain_id
        """;

    internal const string ListSql = """
        select m.id, m.name, d.name, m.paused_at, m.paused_by, m.pause_reason, m.health,
               coalesce(m.health_reason, m.keys_doubt), m.health_at,
               m.failures, m.unavailable_until, m.keys_read_at
        from master m join key_domain d on d.id = m.key_domain_id
        order by m.name
        """;

    internal const string PauseStateSql = "select paused_at, paused_by, reason from dispatch_pause";

    internal const string PauseAllSql = """
        update dispatch_pause set paused_at = $1, paused_by = $2, reason = $3 where paused_at is null
        """;

    internal const string ResumeAllSql = """
        with resumed as (
            update dispatch_pause set paused_at = null, paused_by = null, reason = null where paused_at is not null
            returning 1)
        select pg_notify('saltern_due', '') from resumed
        """;

    internal const string PauseSql = """
        update master
        set paused_at = coalesce(paused_at, $2),
            paused_by = case when paused_at is null then $3 else paused_by end,
            pause_reason = case when paused_at is null then $4 else pause_reason end
        where name = $1
        """;

    internal const string ResumeSql = """
        with resumed as (
            update master set paused_at = null, paused_by = null, pause_reason = null where name = $1 returning 1)
        select pg_notify('saltern_due', '') from resumed
        """;

    /// <summary>
    /// $3 whether it took a job. One that only answers keeps its failures, until it has been up for a minute:
    /// a job that it was sent meanwhile has come to something by then. Nodes that leave it alone are told that it is
    /// back.
    /// </summary>
    internal const string ReportUpSql = """
        with up as (
            update master m
            set health = 'up', health_reason = null, health_at = $2, unavailable_until = null, probe_until = null,
                failures = case when $3 or before.health = 'up' and m.health_at < $2::timestamptz - interval '1 min'
                                then 0 else m.failures end
            from (select name, health from master where name = $1) before
            where m.name = before.name
              and (m.health <> 'up' or $3 and m.failures > 0 or m.health_at < $2::timestamptz - interval '1 min')
            returning before.health)
        select health, case when health <> 'up' then pg_notify('saltern_due', '') end from up
        """;

    /// <summary>
    /// $2 the longest pause. Times that nothing of ours would have written: the database's clock was ahead, and was
    /// set right since.
    /// </summary>
    internal const string ForgetTimesToComeSql = """
        update master
        set unavailable_until =
                case when unavailable_until <= $1::timestamptz + $2::interval then unavailable_until end,
            probe_until = case when probe_until <= $1::timestamptz + $2::interval then probe_until end,
            keys_read_at = case when keys_read_at <= $1 then keys_read_at end
        where unavailable_until > $1::timestamptz + $2::interval or probe_until > $1::timestamptz + $2::interval
           or keys_read_at > $1
        """;

    /// <summary>
    /// One node looks after a pause. $3 is how long the others wait for what it finds, should it die meanwhile.
    /// </summary>
    internal const string ClaimProbeSql = """
        update master set probe_until = $2::timestamptz + $3::interval
        where name = $1 and health <> 'up' and (unavailable_until is null or unavailable_until <= $2)
          and (probe_until is null or probe_until <= $2)
        """;

    /// <summary>
    /// $5 the first pause, $6 the longest, $7 the share of it that is taken: masters that fail together are not tried
    /// together.
    /// </summary>
    internal const string ReportDownSql = """
        update master m
        set health = $3, health_reason = $4, health_at = $2,
            probe_until = null,
            failures = case when standing then m.failures else m.failures + 1 end,
            unavailable_until = case when standing then m.unavailable_until
                else $2 + least($6::interval, $5::interval * power(2, least(m.failures, 20))) * $7::float8 end
        from (select name, health, coalesce(unavailable_until > $2, false) as standing from master where name = $1
              for update) before
        where m.name = before.name
        returning before.health
        """;

    /// <summary>
    /// Gives each master of the settings its row. Called when the server starts, before anything is handed out.
    /// </summary>
    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var domains = salt.Options.Select(master => master.KeyDomain).ToArray();
        var names = salt.Options.Select(master => master.Name).ToArray();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, RegisterDomainsSql, [domains], cancellationToken);
        await Statement.ExecuteAsync(connection, RegisterMastersSql, [names, domains], cancellationToken);
    }

    public async Task<IReadOnlyList<MasterStatus>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(connection, ListSql, [], Read, cancellationToken);
    }

    /// <summary>Whether dispatch as a whole is paused.</summary>
    public async Task<Pause?> PausedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var rows = await Statement.QueryAsync(
            connection, PauseStateSql, [], row => ReadPause(row, 0), cancellationToken);
        return rows.Single();
    }

    /// <summary>A pause that stands keeps its own reason.</summary>
    public async Task PauseAllAsync(string actor, string? reason, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (await Statement.ExecuteAsync(
            connection, PauseAllSql, [clock.GetUtcNow(), actor, reason], cancellationToken) > 0)
        {
            LogPausedAll(actor, reason);
        }
    }

    public async Task ResumeAllAsync(string actor, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (await AnyAsync(connection, ResumeAllSql, [], cancellationToken))
        {
            LogResumedAll(actor);
        }

        bells.Due.Ring();
    }

    /// <summary>False when there is no such master.</summary>
    public async Task<bool> PauseAsync(string master, string actor, string? reason, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var found = await Statement.ExecuteAsync(
            connection, PauseSql, [master, clock.GetUtcNow(), actor, reason], cancellationToken) > 0;
        if (found)
        {
            LogPaused(master, actor, reason);
        }

        return found;
    }

    /// <summary>False when there is no such master.</summary>
    public async Task<bool> ResumeAsync(string master, string actor, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var found = await AnyAsync(connection, ResumeSql, [master], cancellationToken);
        if (found)
        {
            LogResumed(master, actor);
        }

        bells.Due.Ring();
        return found;
    }

    /// <summary>
    /// The master took a job. Cheap to say again: written only when it changes something, or once a minute.
    /// </summary>
    public Task ReportUpAsync(string master, CancellationToken cancellationToken) =>
        ReportAsync(master, tookJob: true, cancellationToken);

    /// <summary>The master lets us in; whether it takes jobs again, the next one will tell.</summary>
    public Task ReportReachableAsync(string master, CancellationToken cancellationToken) =>
        ReportAsync(master, tookJob: false, cancellationToken);

    /// <summary>
    /// Whether it is this node that looks now if the master is back. The others wait for what it reports, and no longer
    /// than this.
    /// </summary>
    public async Task<bool> ClaimProbeAsync(string master, TimeSpan atMost, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await Statement.ExecuteAsync(
            connection, ClaimProbeSql, [master, clock.GetUtcNow(), atMost], cancellationToken) > 0;
    }

    /// <summary>After a clock that was ahead: nobody waits for times that are no longer true.</summary>
    public async Task ForgetTimesToComeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, ForgetTimesToComeSql, [clock.GetUtcNow(), options.Value.LongestPause], cancellationToken);
    }

    /// <summary>The master cannot be reached, or does not let us: nothing is sent to it for a while.</summary>
    public async Task ReportDownAsync(
        string master, NotSentCause cause, string reason, CancellationToken cancellationToken)
    {
        var health = cause == NotSentCause.NotAllowed ? MasterHealth.NotAllowed : MasterHealth.Unreachable;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var before = await Statement.QueryAsync(
            connection, ReportDownSql,
            [
                master, clock.GetUtcNow(), Word(health), reason, options.Value.FirstPause, options.Value.LongestPause,
                Share(),
            ],
            row => row.GetString(0), cancellationToken);
        if (before.Count > 0 && before[0] != Word(health))
        {
            LogDown(master, Word(health), reason);
        }
    }

    internal static string Word(MasterHealth health) => health switch
    {
        MasterHealth.Up => "up",
        MasterHealth.Unreachable => "unreachable",
        MasterHealth.NotAllowed => "not allowed",
        _ => "unknown",
    };

    /// <summary>Between eight and ten tenths: no pause is longer than the settings say.</summary>
    private static double Share() => 0.8 + 0.2 * Random.Shared.NextDouble();

    private async Task ReportAsync(string master, bool tookJob, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var before = await Statement.QueryAsync(
            connection, ReportUpSql, [master, clock.GetUtcNow(), tookJob], row => row.GetString(0), cancellationToken);
        if (before is [not "up"])
        {
            LogUp(master);
            bells.Due.Ring();
        }
    }

    private static async Task<bool> AnyAsync(
        NpgsqlConnection connection, string sql, object?[] values, CancellationToken cancellationToken) =>
        (await Statement.QueryAsync(connection, sql, values, _ => true, cancellationToken)).Count > 0;

    private static Pause? ReadPause(NpgsqlDataReader row, int first) => row.IsDBNull(first)
        ? null
        : new Pause(row.GetFieldValue<DateTimeOffset>(first), row.GetString(first + 1), row.TextOrNull(first + 2));

    private MasterStatus Read(NpgsqlDataReader row) => new(
        new MasterId(row.GetInt32(0)),
        row.GetString(1),
        row.GetString(2),
        salt.TryGetOptions(row.GetString(1), out _),
        ReadPause(row, 3),
        Enum.GetValues<MasterHealth>().Single(health => Word(health) == row.GetString(6)),
        row.TextOrNull(7),
        row.TimeOrNull(8),
        row.GetInt32(9),
        row.TimeOrNull(10),
        row.TimeOrNull(11));

    [LoggerMessage(LogLevel.Information, "{Actor} paused dispatch as a whole: {Reason}")]
    private partial void LogPausedAll(string actor, string? reason);

    [LoggerMessage(LogLevel.Information, "{Actor} resumed dispatch as a whole")]
    private partial void LogResumedAll(string actor);

    [LoggerMessage(LogLevel.Information, "{Actor} paused dispatch to master {Master}: {Reason}")]
    private partial void LogPaused(string master, string actor, string? reason);

    [LoggerMessage(LogLevel.Information, "{Actor} resumed dispatch to master {Master}")]
    private partial void LogResumed(string master, string actor);

    [LoggerMessage(LogLevel.Information, "Master {Master} is up")]
    private partial void LogUp(string master);

    [LoggerMessage(LogLevel.Warning, "Master {Master} is {Health}: {Reason}")]
    private partial void LogDown(string master, string health, string reason);
}
