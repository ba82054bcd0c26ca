using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;
using Saltern.Server.Salt;
using static Saltern.Server.Dispatch.MasterFindings;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Looks at a master as we see it from outside, one thing after the other, and says for each what to do if it is
/// missing. It changes nothing there; a ping to a few minions proves the whole way of a job and its return.
/// </summary>
internal sealed class MasterLook(NpgsqlDataSource database, SaltMasters salt, RoundTrip roundTrip, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    /// <param name="api">The master.</param>
    /// <param name="waitForStart">
    /// How long to wait for a minion of this master to start; null does not wait and looks at the latest.
    /// </param>
    /// <param name="cancellationToken">Ends the look.</param>
    public async Task<MasterCheck> AtAsync(
        ISaltApi api, TimeSpan? waitForStart, CancellationToken cancellationToken)
    {
        List<MasterCheckLine> lines = [];
        salt.TryGetOptions(api.Master, out var settings);
        var login = await api.ProbeAsync(cancellationToken);
        lines.AddRange(OfLogin(login, settings?.Url));
        if (login is SaltAnswer<MasterProbe>.Given { Value: { HasRights: true } probe })
        {
            var otherCache = settings?.CollectsReturns == true;
            lines.AddRange(OfRights(probe.Rights, otherCache));
            await LookInsideAsync(api, otherCache, waitForStart, lines, cancellationToken);
        }

        var proven = lines.Any(line => line is { Subject: ReturnLine, State: MasterCheckStates.Ok });
        return new MasterCheck(
            api.Master, proven && lines.All(line => line.State != MasterCheckStates.Failed), lines);
    }

    private async Task LookInsideAsync(
        ISaltApi api, bool otherCache, TimeSpan? waitForStart, List<MasterCheckLine> lines,
        CancellationToken cancellationToken)
    {
        var before = await RecordsAsync(cancellationToken);
        var keys = await api.KeysAsync(cancellationToken);
        lines.Add(OfKeys(keys));
        lines.Add(OfRunner(await api.RunnerAsync("jobs.active", new JsonObject(), cancellationToken)));
        if (otherCache)
        {
            lines.Add(await OfOtherCacheAsync(api, cancellationToken));
        }

        var accepted = keys is SaltAnswer<MinionKeys>.Given { Value: var known } ? known.Accepted : [];
        var trip = await roundTrip.MakeAsync(
            api, accepted.Select(key => key.Minion), otherCache, cancellationToken);
        lines.Add(OfPublishing(trip));
        lines.Add(OfReturn(trip));
        if (otherCache)
        {
            return;
        }

        if (trip.Recorded || keys is SaltAnswer<MinionKeys>.Given)
        {
            lines.Add(OfJobCache(trip.Recorded || await RecordsKeysCallAsync(before, cancellationToken)));
        }

        lines.AddRange(OfTraces(trip));
        lines.Add(waitForStart is { } wait
            ? await WaitForStartAsync(api.Master, wait, cancellationToken)
            : OfLatestStart(await LatestStartAsync(api.Master, cancellationToken), clock.GetUtcNow()));
        lines.Add(OfKeepJobs(await OnlyWeEndRowsAsync(cancellationToken)));
    }

    private static async Task<MasterCheckLine> OfOtherCacheAsync(ISaltApi api, CancellationToken cancellationToken)
    {
        var none = new JsonObject { ["jid"] = "20200101000000000000" };
        return await api.RunnerAsync("jobs.list_job", none, cancellationToken) is SaltAnswer<JsonElement>.Failed failed
            ? Failed("job cache", $"JobCache is 'runner', and jobs.list_job failed: {failed.Reason}")
            : Ok(
                "job cache",
                "its own: returns are fetched with jobs.list_job, and there are no start events. keep_jobs must be "
                + "longer than we may be away");
    }

    /// <summary>The master's record of our call for its keys: seen even where there is no minion.</summary>
    private async Task<bool> RecordsKeysCallAsync(
        IReadOnlyCollection<string> before, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (clock.GetElapsedTime(started) < Patience)
        {
            if ((await RecordsAsync(cancellationToken)).Except(before).Any())
            {
                return true;
            }

            await Task.Delay(Between, clock, cancellationToken);
        }

        return false;
    }

    /// <summary>
    /// A start event cannot be made from here without restarting something, and one that we made ourselves would prove
    /// nothing about minions.
    /// </summary>
    private async Task<MasterCheckLine> WaitForStartAsync(
        string master, TimeSpan wait, CancellationToken cancellationToken)
    {
        var before = await LatestStartAsync(master, cancellationToken);
        var started = clock.GetTimestamp();
        while (clock.GetElapsedTime(started) < wait)
        {
            if (await LatestStartAsync(master, cancellationToken) is { } latest && latest != before)
            {
                return Ok(StartLine, $"one arrived after {clock.GetElapsedTime(started).TotalSeconds:0.0} s");
            }

            await Task.Delay(Between, clock, cancellationToken);
        }

        return NoStartArrived(wait);
    }

    private async Task<IReadOnlyList<string>> RecordsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(connection, RecordsSql, [], row => row.GetString(0), cancellationToken);
    }

    private async Task<DateTimeOffset?> LatestStartAsync(string master, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await Statement.QueryAsync(
            connection, LatestStartSql, [master],
            row => row.IsDBNull(0) ? (DateTimeOffset?)null : row.GetFieldValue<DateTimeOffset>(0),
            cancellationToken)).Single();
    }

    private async Task<bool> OnlyWeEndRowsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await Statement.QueryAsync(
            connection, RowSecuritySql, [], row => row.GetBoolean(0), cancellationToken)).Single();
    }

    /// <summary>
    /// Records of calls for keys of the last minutes by the masters' clocks; jids begin with the time.
    /// </summary>
    internal const string RecordsSql = """
        select jid from salt.jids
        where jid > to_char((now() - interval '15 min') at time zone 'utc', 'YYYYMMDDHH24MISS')
          and jid < '3' and jid not like '%\_s1' and load::text ~ '"fun": ?"(wheel[.])?key[.]list_all"'
        """;

    /// <summary>The latest start of a minion that is with this master. Index minion_by_master.</summary>
    internal const string LatestStartSql = """
        select max(c.started_at)
        from master r join minion m on m.master_id = r.id join minion_contact c on c.minion_key = m.minion_key
        where r.name = $1
        """;

    internal const string RowSecuritySql = """
        select bool_and(relrowsecurity) from pg_class
        where oid in ('salt.jids'::regclass, 'salt.salt_returns'::regclass, 'salt.salt_events'::regclass)
        """;
}
