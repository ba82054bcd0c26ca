using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Looks at a master as we see it from outside, one thing after the other, and says for each what to do if it is
/// missing. It changes nothing there and sends nothing to minions; the master's own record of our call for its keys
/// tells whether its job cache is our database.
/// </summary>
internal sealed class MasterLook(NpgsqlDataSource database, SaltMasters salt, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    public async Task<MasterCheck> AtAsync(ISaltApi api, CancellationToken cancellationToken)
    {
        List<MasterCheckLine> lines = [];
        var login = await api.ProbeAsync(cancellationToken);
        lines.Add(OfLogin(login));
        if (login is SaltAnswer<MasterProbe>.Given { Value.HasRights: true })
        {
            var before = await RecordsAsync(cancellationToken);
            var keys = await api.KeysAsync(cancellationToken);
            lines.Add(OfKeys(keys));
            lines.Add(OfRunner(await api.RunnerAsync("jobs.active", new JsonObject(), cancellationToken)));
            if (salt.TryGetOptions(api.Master, out var settings) && settings.CollectsReturns)
            {
                lines.Add(await OfOtherCacheAsync(api, cancellationToken));
            }
            else if (keys is SaltAnswer<MinionKeys>.Given)
            {
                lines.Add(await OfJobCacheAsync(before, cancellationToken));
                lines.AddRange(await OfEventsAsync(api.Master, cancellationToken));
            }
        }

        return new MasterCheck(api.Master, lines.All(line => line.Good), lines);
    }

    private static async Task<MasterCheckLine> OfOtherCacheAsync(ISaltApi api, CancellationToken cancellationToken)
    {
        var none = new JsonObject { ["jid"] = "20200101000000000000" };
        return await api.RunnerAsync("jobs.list_job", none, cancellationToken) is SaltAnswer<JsonElement>.Failed failed
            ? new MasterCheckLine(
                "job cache", false, $"JobCache is 'runner', and jobs.list_job failed: {failed.Reason}")
            : new MasterCheckLine(
                "job cache", true, "its own: returns are fetched with jobs.list_job, and there are no start events");
    }

    private async Task<MasterCheckLine> OfJobCacheAsync(
        IReadOnlyCollection<string> before, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (clock.GetElapsedTime(started) < Patience)
        {
            if ((await RecordsAsync(cancellationToken)).Except(before).Any())
            {
                return new MasterCheckLine("job cache", true, "the master records its jobs in this database");
            }

            await Task.Delay(Between, clock, cancellationToken);
        }

        return new MasterCheckLine(
            "job cache", false,
            $"No record of our call arrived within {Patience.TotalSeconds:0} s: set master_job_cache: saltern (or "
            + "pgjsonb) with the address and the role of this database (saltern returner-role prints the lines), and "
            + "restart the master.");
    }

    private async Task<IReadOnlyList<string>> RecordsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(connection, RecordsSql, [], row => row.GetString(0), cancellationToken);
    }

    /// <summary>What the latest job of ours on this master left among the events, once there was one.</summary>
    private async Task<IReadOnlyList<MasterCheckLine>> OfEventsAsync(string master, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var latest = await Statement.QueryAsync(
            connection, LatestJobSql, [master],
            row => (New: row.GetBoolean(0), Returned: row.GetBoolean(1), Named: row.GetBoolean(2)), cancellationToken);
        return latest.Count == 0
            ? []
            :
            [
                new MasterCheckLine("event_return", latest[0].New, latest[0].New
                    ? "events of new jobs arrive"
                    : "The event of our latest job did not arrive: set event_return: [saltern] (or pgjsonb)."),
                new MasterCheckLine("event_return_whitelist", !latest[0].Returned, latest[0].Returned
                    ? "Every return is stored a second time as an event: set event_return_whitelist."
                    : "returns are not stored twice"),
                new MasterCheckLine("master_id", latest[0].Named, latest[0].Named
                    ? "returns name their master"
                    : "Returns do not name their master: set master_id."),
            ];
    }

    /// <summary>
    /// Records of calls for keys of the last minutes by the masters' clocks; jids begin with the time.
    /// </summary>
    internal const string RecordsSql = """
        select jid from salt.jids
        where jid > to_char((now() - interval '15 min') at time zone 'utc', 'YYYYMMDDHH24MISS')
          and jid < '3' and jid not like '%\_s1' and load::text ~ '"fun": ?"(wheel[.])?key[.]list_all"'
        """;

    internal const string LatestJobSql = """
        select exists (select 1 from salt.salt_events e where e.tag = 'salt/job/' || s.jid || '/new'),
               exists (select 1 from salt.salt_events e where e.tag = 'salt/job/' || s.jid || '/ret/' || r.id),
               r.full_ret::text ~ '"master_id": ?"'
        from (select s.jid from submission s join master m on m.id = s.master_id
              where m.name = $1 and s.outcome = 'Accepted' order by s.id desc limit 20) s
        cross join lateral (select id, full_ret from salt.salt_returns where jid = s.jid limit 1) r
        limit 1
        """;

    private static MasterCheckLine OfLogin(SaltAnswer<MasterProbe> login) => login switch
    {
        SaltAnswer<MasterProbe>.Given { Value.HasRights: true } given => new MasterCheckLine(
            "login", true, $"logged in within {given.Value.RoundTrip.TotalMilliseconds:0} ms"),
        SaltAnswer<MasterProbe>.Given => new MasterCheckLine(
            "external_auth", false, "The login works, but external_auth lists no right for this user: give it some."),
        SaltAnswer<MasterProbe>.Failed failed => new MasterCheckLine("login", false, failed.Reason),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };

    private static MasterCheckLine OfKeys(SaltAnswer<MinionKeys> keys) => keys switch
    {
        SaltAnswer<MinionKeys>.Given given => new MasterCheckLine(
            "wheel", true,
            $"{given.Value.Accepted.Count} keys accepted, {given.Value.Pending.Count} pending, "
            + $"{given.Value.Rejected.Count} rejected"),
        SaltAnswer<MinionKeys>.Failed failed => new MasterCheckLine(
            "wheel", false,
            $"{failed.Reason} (netapi_enable_clients must list 'wheel', and external_auth '@wheel': 'key.*')"),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };

    private static MasterCheckLine OfRunner(SaltAnswer<System.Text.Json.JsonElement> jobs) => jobs switch
    {
        SaltAnswer<System.Text.Json.JsonElement>.Given => new MasterCheckLine("runner", true, "jobs.active answers"),
        SaltAnswer<System.Text.Json.JsonElement>.Failed failed => new MasterCheckLine(
            "runner", false,
            $"{failed.Reason} (netapi_enable_clients must list 'runner', and external_auth '@runner': 'jobs.*')"),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };
}
