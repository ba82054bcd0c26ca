using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// Finds returns that the inbox missed (the trigger was gone, or swallowed an error) by joining what is outstanding
/// with the job cache, and puts them into the inbox. From there they settle like all others; a return that arrives
/// there twice settles once.
/// </summary>
internal sealed partial class MissedReturns(
    NpgsqlDataSource database, SettlingMetrics metrics, IOptions<ResultsOptions> options, TimeProvider clock,
    ILogger<MissedReturns> log)
{
    /// <summary>Returns taken in one pass; the next pass takes the next.</summary>
    private const int Most = 10_000;

    /// <summary>One bounded pass; returns how many returns it found.</summary>
    public Task<int> RunOnceAsync(CancellationToken cancellationToken) =>
        RunOnceAsync(options.Value.MissedAfter, cancellationToken);

    /// <summary>
    /// The same for returns of at least this age; zero takes all, those that seem to come from the future too.
    /// </summary>
    public async Task<int> RunOnceAsync(TimeSpan atLeast, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = await Statement.ExecuteAsync(
            connection, FindSql, [atLeast == TimeSpan.Zero ? null : clock.GetUtcNow() - atLeast, Most],
            cancellationToken);
        if (found > 0)
        {
            metrics.RecordMissed(found);
            LogMissed(found);
        }

        return found;
    }

    /// <summary>
    /// One look-up for each return that is awaited. Indexes submission_unfinished, action_target_by_status,
    /// ask_under_way, salt_returns_jid_id.
    /// </summary>
    internal const string FindSql = """
        with awaited as (
            select s.jid, m.minion_id
            from (select distinct action_id from submission where outstanding + waiting > 0 and not is_ask) u
            join action_target t on t.action_id = u.action_id and t.status = 'PickedUp' and t.returned_at is null
            join submission s on s.id = t.submission_id
            join minion m on m.minion_key = t.minion_key
            union all
            select s.jid, m.minion_id
            from ask k join submission s on s.id = k.submission_id join minion m on m.minion_key = k.minion_key
            where k.submission_id is not null and k.answered_at is null)
        insert into inbox (jid, minion_id, returned_at, success)
        select r.jid, r.id, usable_time(r.alter_time), r.success = 'true'
        from awaited w
        cross join lateral (
            select r.jid, r.id, r.alter_time, r.success from salt.salt_returns r
            where r.jid = w.jid and r.id = w.minion_id
              and ($1::timestamptz is null or r.alter_time < $1 or r.alter_time is null)
            order by r.alter_time limit 1) r
        where not exists (select 1 from inbox i where i.jid = r.jid and i.minion_id = r.id)
        limit $2
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Found {Returns} returns in the job cache that had not reached the inbox")]
    private partial void LogMissed(int returns);
}
