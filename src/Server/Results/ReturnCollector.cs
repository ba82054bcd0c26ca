using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Results;

/// <summary>
/// The second way in, for masters whose job cache is not our database (setting <c>JobCache: runner</c>): asks the jobs
/// runner for the jids that are picked up there, a few at a time, and puts what has returned into our job cache. From
/// there it settles like all others. <c>jobs.list_job</c> and not <c>jobs.lookup_jid</c>, which leaves the return codes
/// out. What was put there by one node is not put there again by another.
/// </summary>
internal sealed partial class ReturnCollector(
    NpgsqlDataSource database, SaltMasters salt, Bells bells, IOptions<ResultsOptions> options, TimeProvider clock,
    Outage outage, ILogger<ReturnCollector> log)
    : BackgroundService
{
    /// <summary>Jids that are asked for in one pass, one after the other: each is a job of the master's.</summary>
    private const int MostJobs = 20;

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>One bounded pass over all masters that need it; returns how many returns it found.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(salt.Options.Where(master => master.CollectsReturns)
            .Select(master => CollectAsync(master.Name, cancellationToken)));
        return found.Sum();
    }

    /// <summary>
    /// Fetches what these jobs have returned, until the master does not answer; returns how many returns were new.
    /// </summary>
    public async Task<int> CollectAsync(
        string master, IReadOnlyList<string> jids, CancellationToken cancellationToken)
    {
        if (!salt.TryGet(master, out var api))
        {
            return 0;
        }

        var found = 0;
        foreach (var jid in jids)
        {
            var answer = await api.RunnerAsync("jobs.list_job", new JsonObject { ["jid"] = jid }, cancellationToken);
            if (answer is not SaltAnswer<JsonElement>.Given { Value: { ValueKind: JsonValueKind.Object } job })
            {
                LogNoAnswer(jid, master);
                break;
            }

            found += await StoreAsync(jid, job, cancellationToken);
        }

        if (found > 0)
        {
            bells.Inbox.Ring();
        }

        return found;
    }

    /// <summary>Each master has a loop of its own: one that hangs holds up nobody but itself.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        salt.Options.Where(master => master.CollectsReturns).Select(master => LoopAsync(master.Name, stoppingToken)));

    private async Task LoopAsync(string master, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pace, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CollectAsync(master, stoppingToken);
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

    private async Task<int> CollectAsync(string master, CancellationToken cancellationToken) =>
        await CollectAsync(master, await TakeAsync(master, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<string>> TakeAsync(string master, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, TakeSql,
            [master, now, now - options.Value.CollectEvery, now - options.Value.CollectSoon, MostJobs],
            row => row.GetString(0), cancellationToken);
    }

    private async Task<int> StoreAsync(string jid, JsonElement job, CancellationToken cancellationToken)
    {
        if (job.TryGetProperty("Error", out _)
            || !job.TryGetProperty("Result", out var result) || result.ValueKind != JsonValueKind.Object)
        {
            return 0;
        }

        var function = job.TryGetProperty("Function", out var name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()!
            : "";
        var returns = result.EnumerateObject().Select(one => CollectedReturn.Of(jid, function, one.Name, one.Value))
            .ToArray();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.ExecuteAsync(
            connection, StoreSql,
            [
                jid, function, clock.GetUtcNow(),
                Array.ConvertAll(returns, one => one.Minion), Array.ConvertAll(returns, one => one.Returned),
                Array.ConvertAll(returns, one => one.Success ? "true" : "false"),
                Array.ConvertAll(returns, one => one.Full),
            ],
            cancellationToken);
    }

    /// <summary>
    /// $3 those not asked for since then; where no more are unfinished than one pass takes, those since $4. Index
    /// submission_unfinished.
    /// </summary>
    internal const string TakeSql = """
        with unfinished as (
            select s.id, s.collected_at, count(*) over () as jobs
            from submission s join master m on m.id = s.master_id
            where m.name = $1 and s.outstanding + s.waiting > 0 and s.sends > 0),
        chosen as (
            select s.id from submission s join unfinished u on u.id = s.id
            where s.outstanding + s.waiting > 0
              and (s.collected_at is null
                   or s.collected_at <= case when u.jobs > $5 then $3::timestamptz else $4::timestamptz end)
            order by s.collected_at nulls first, s.id limit $5
            for no key update of s skip locked)
        update submission s set collected_at = $2 from chosen c where s.id = c.id
        returning s.jid
        """;

    /// <summary>Under a lock of the jid's own: two nodes that have the same answer store it once.</summary>
    internal const string StoreSql = """
        with alone as materialized (select pg_advisory_xact_lock(7263, hashtext($1)))
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        select $2, $1, c.returned::json, c.minion_id, c.success, c.full_ret::json, $3
        from alone, unnest($4::text[], $5::text[], $6::text[], $7::text[])
            as c(minion_id, returned, success, full_ret)
        where not exists (select 1 from salt.salt_returns r where r.jid = $1 and r.id = c.minion_id)
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Master {Master} did not answer for {Jid}; its returns are fetched at the next pass")]
    private partial void LogNoAnswer(string jid, string master);

    [LoggerMessage(Level = LogLevel.Error, Message = "Fetching returns failed; the next pass tries again")]
    private partial void LogProblem(Exception problem);
}
