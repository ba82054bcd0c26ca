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

    /// <summary>Indexes submission_unfinished, salt_returns_jid_id.</summary>
    internal const string FindSql = """
        insert into inbox (jid, minion_id, returned_at, success)
        select distinct on (r.jid, r.id) r.jid, r.id, usable_time(r.alter_time), r.success = 'true'
        from submission s
        join salt.salt_returns r on r.jid = s.jid
        join master h on h.id = s.master_id
        join minion m on m.key_domain_id = h.key_domain_id and m.minion_id = r.id
        left join action_target t
          on t.action_id = s.action_id and t.minion_key = m.minion_key and t.submission_id = s.id
        left join ask k on s.is_ask and k.action_id = s.action_id and k.minion_key = m.minion_key
          and k.submission_id = s.id
        where s.outstanding + s.waiting > 0 and ($1::timestamptz is null or r.alter_time < $1 or r.alter_time is null)
          and (t.status = 'PickedUp' and t.returned_at is null or k.action_id is not null)
          and not exists (select 1 from inbox i where i.jid = r.jid and i.minion_id = r.id)
        order by r.jid, r.id, r.alter_time
        limit $2
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Found {Returns} returns in the job cache that had not reached the inbox")]
    private partial void LogMissed(int returns);
}
