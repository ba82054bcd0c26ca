using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Results;

/// <summary>
/// Nobody waits any more for a target that has failed as a guess, so its return is noticed by the inbox alone. Now and
/// then the job caches are searched for returns that came without it: while the trigger was gone, or in a master's own
/// job cache. What is found settles like any late return.
/// </summary>
internal sealed partial class GuessRevisit(
    NpgsqlDataSource database, ReturnCollector collector, SaltMasters salt, SettlingMetrics metrics, Bells bells,
    IOptions<ResultsOptions> options, TimeProvider clock, Outage outage, ILogger<GuessRevisit> log)
    : BackgroundService
{
    /// <summary>Returns taken from our job cache in one pass.</summary>
    private const int MostReturns = 10_000;

    /// <summary>Jobs that a master is asked for in one pass, those first that were not asked for the longest.</summary>
    private const int MostJobs = 100;

    /// <summary>One bounded pass; returns how many returns it found.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var found = await FindAsync(cancellationToken);
        foreach (var master in salt.Options.Where(master => master.CollectsReturns))
        {
            var jids = await TakeAsync(master.Name, cancellationToken);
            found += await collector.CollectAsync(master.Name, jids, cancellationToken);
        }

        if (found > 0)
        {
            bells.Inbox.Ring();
        }

        return found;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RevisitEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }
        }
    }

    private DateTimeOffset Since => clock.GetUtcNow() - options.Value.RevisitFor;

    private async Task<int> FindAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = await Statement.ExecuteAsync(connection, FindSql, [Since, MostReturns], cancellationToken);
        if (found > 0)
        {
            metrics.RecordMissed(found);
            LogFound(found);
        }

        return found;
    }

    private async Task<IReadOnlyList<string>> TakeAsync(string master, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, TakeSql, [Since, master, clock.GetUtcNow(), MostJobs], row => row.GetString(0),
            cancellationToken);
    }

    /// <summary>
    /// Attempts that came to nothing as we thought, of targets that have failed as a guess: the latest, and those
    /// before it. Indexes action_target_guessed, earlier_attempt_pkey.
    /// </summary>
    private const string Attempts = """
        with guess as (
            select t.action_id, t.minion_key, t.submission_id, t.returned_at from action_target t
            where t.guessed and t.status = 'Failed' and t.settled_at > $1),
        attempt as (
            select minion_key, submission_id from guess where returned_at is null
            union all
            select e.minion_key, e.submission_id
            from guess g
            join earlier_attempt e on e.action_id = g.action_id and e.minion_key = g.minion_key
            where e.guessed and not e.history and e.returned_at is null)
        """;

    /// <summary>One look-up for each attempt. Index salt_returns_jid_id.</summary>
    internal const string FindSql = $"""
        {Attempts}
        insert into inbox (jid, minion_id, returned_at, success)
        select r.jid, r.id, usable_time(r.alter_time), r.success = 'true'
        from attempt a
        join submission s on s.id = a.submission_id
        join minion m on m.minion_key = a.minion_key
        cross join lateral (
            select r.jid, r.id, r.alter_time, r.success from salt.salt_returns r
            where r.jid = s.jid and r.id = m.minion_id
            order by r.alter_time limit 1) r
        where not exists (select 1 from inbox i where i.jid = r.jid and i.minion_id = r.id)
        limit $2
        """;

    internal const string TakeSql = $"""
        {Attempts},
        chosen as (
            select s.id
            from submission s join master m on m.id = s.master_id
            where m.name = $2 and s.sends > 0 and s.id in (select submission_id from attempt)
            order by s.collected_at nulls first, s.id limit $4
            for no key update of s skip locked)
        update submission s set collected_at = $3 from chosen c where s.id = c.id
        returning s.jid
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Found {Returns} returns of targets that had failed as a guess; they settle now")]
    private partial void LogFound(int returns);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Looking for returns of guesses failed; the next pass looks again")]
    private partial void LogProblem(Exception problem);
}
