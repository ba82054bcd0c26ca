using System.Text.Json;
using Saltern.Contract;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>What a check of a master says about what it saw, and what to do. Pure.</summary>
internal static class MasterFindings
{
    public const string ReturnLine = "return";
    public const string StartLine = "start events";

    /// <summary>A difference of clocks up to this harms nobody.</summary>
    private static readonly TimeSpan Harmless = TimeSpan.FromSeconds(5);

    /// <summary>From here on minions count as heard from long ago, or just now, when they were not.</summary>
    private static readonly TimeSpan Harmful = TimeSpan.FromMinutes(1);

    public static MasterCheckLine Ok(string subject, string says) => new(subject, MasterCheckStates.Ok, says);

    public static MasterCheckLine Failed(string subject, string says) => new(subject, MasterCheckStates.Failed, says);

    public static MasterCheckLine Warning(string subject, string says) =>
        new(subject, MasterCheckStates.Warning, says);

    public static MasterCheckLine Open(string subject, string says) => new(subject, MasterCheckStates.Open, says);

    public static IEnumerable<MasterCheckLine> OfLogin(SaltAnswer<MasterProbe> login, string? url)
    {
        if (login is SaltAnswer<MasterProbe>.Failed failed)
        {
            // What cannot be reached, or is not trusted, says so in its reason.
            return [Failed("login", failed.Reason)];
        }

        var probe = ((SaltAnswer<MasterProbe>.Given)login).Value;
        var address = url is not null && url.StartsWith("http:", StringComparison.OrdinalIgnoreCase)
            ? Warning("address", $"{url} answers without TLS: the password and all that is run go in clear.")
            : Ok("address", $"{url} answers over TLS");
        return
        [
            address,
            probe.HasRights
                ? Ok("login", $"logged in within {probe.RoundTrip.TotalMilliseconds:0} ms")
                : Failed(
                    "external_auth", "The login works, but external_auth lists no right for this user: give it some."),
        ];
    }

    public static IEnumerable<MasterCheckLine> OfRights(MasterRights? rights, bool otherCache)
    {
        if (rights is null)
        {
            return [Open("external_auth", "The master does not say which functions it allows.")];
        }

        string[] needed = otherCache ? [.. NeededRights.Always, NeededRights.OtherJobCache] : [.. NeededRights.Always];
        if (NeededRights.Missing(rights, needed) is { Count: > 0 } missing)
        {
            return
            [
                Failed("external_auth", $"It lacks {string.Join(", ", missing)}: add them and restart the master."),
            ];
        }

        return NeededRights.Missing(rights, NeededRights.OfKinds) is { Count: > 0 } left
            ?
            [
                Warning(
                    "external_auth", $"It lacks {string.Join(", ", left)}: actions that call them fail. Add them, or "
                    + "leave it so if that is meant."),
            ]
            : [Ok("external_auth", "lists all that our kinds of actions call")];
    }

    public static MasterCheckLine OfKeys(SaltAnswer<MinionKeys> keys) => keys switch
    {
        SaltAnswer<MinionKeys>.Given given => Ok(
            "wheel",
            $"{given.Value.Accepted.Count} keys accepted, {given.Value.Pending.Count} pending, "
            + $"{given.Value.Rejected.Count} rejected"),
        SaltAnswer<MinionKeys>.Failed failed => Failed(
            "wheel", $"{failed.Reason} (netapi_enable_clients must list 'wheel', and external_auth '@wheel': 'key.*')"),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };

    public static MasterCheckLine OfRunner(SaltAnswer<JsonElement> jobs) => jobs switch
    {
        SaltAnswer<JsonElement>.Given => Ok("runner", "jobs.active answers"),
        SaltAnswer<JsonElement>.Failed failed => Failed(
            "runner",
            $"{failed.Reason} (netapi_enable_clients must list 'runner', and external_auth '@runner': 'jobs.*')"),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };

    public static MasterCheckLine OfPublishing(RoundTripSeen trip) => trip.Outcome switch
    {
        null => Open("publish", "No minion has an accepted key here: nothing could be sent. Accept one, check again."),
        SubmitOutcome.Accepted accepted when accepted.Unknown.Count == trip.Minions.Count => Failed(
            "publish", $"The master has no accepted key of {Names(trip)}, which we count as its minions."),
        SubmitOutcome.Accepted => Ok(
            "publish",
            $"test.ping to {Names(trip)} as {trip.Jid.Value}, taken within {trip.Call.TotalMilliseconds:0} ms"),
        SubmitOutcome.Refused refused => Failed("publish", refused.Reason),
        SubmitOutcome.NotSent notSent => Failed("publish", notSent.Reason),
        SubmitOutcome.Unclear unclear => Failed("publish", unclear.Reason),
        _ => throw new InvalidOperationException("An outcome without a name."),
    };

    public static MasterCheckLine OfReturn(RoundTripSeen trip) => trip switch
    {
        { UntilReturn: { } time } => Ok(
            ReturnLine,
            $"{string.Join(", ", trip.Returned)} returned; seen {time.TotalMilliseconds:0} ms after the call"),
        { Outcome: null or SubmitOutcome.Refused or SubmitOutcome.NotSent } => Open(ReturnLine, "Nothing was sent."),
        { Recorded: true } => Failed(
            ReturnLine,
            $"The master's record of the job is here, and no return of {Names(trip)}: these minions are not connected "
            + "(salt-run manage.up on the master tells), or their returns go elsewhere."),
        _ => Failed(ReturnLine, $"No return of {Names(trip)}: the minions are not connected, or it did not get here."),
    };

    public static MasterCheckLine OfJobCache(bool recorded) => recorded
        ? Ok("job cache", "the master records its jobs in this database")
        : Failed(
            "job cache",
            "No record of our calls arrived: set master_job_cache: saltern (or pgjsonb) with the address and the role "
            + "of this database (saltern returner-role prints the lines), and restart the master.");

    /// <summary>What the ping left in the job cache and among the events; nothing where it did not get there.</summary>
    public static IEnumerable<MasterCheckLine> OfTraces(RoundTripSeen trip)
    {
        if (trip.Recorded)
        {
            yield return trip.Announced
                ? Ok("event_return", "announcements of jobs arrive")
                : Failed("event_return", "The announcement of our job did not arrive: set event_return: [saltern].");
        }

        if (trip.UntilReturn is null)
        {
            yield break;
        }

        yield return trip.ReturnIsEvent
            ? Warning(
                "event_return_whitelist",
                "Every return is stored a second time as an event: set event_return_whitelist.")
            : Ok("event_return_whitelist", "returns are not stored twice");
        yield return trip.NamesMaster
            ? Ok("master_id", "returns name their master")
            : Warning("master_id", "Returns do not name their master: set master_id.");
        yield return trip.Overwritten
            ? Warning(
                "returner", "The stock pgjsonb: returns are lost for good while PostgreSQL is away. Ours keeps them.")
            : Ok("returner", "keeps the publication, as ours does");
        yield return OfClocks(trip);
    }

    public static MasterCheckLine OfLatestStart(DateTimeOffset? latest, DateTimeOffset now) => latest is { } at
        ? Ok(StartLine, $"the latest of a minion of this master is {Age(now - at)} old")
        : Open(
            StartLine,
            "None of a minion of this master was seen yet. Restart the service of one minion and check again with "
            + "--start-event, which waits for it.");

    public static MasterCheckLine NoStartArrived(TimeSpan wait) => Failed(
        StartLine,
        $"None arrived within {wait.TotalSeconds:0} s. If a minion's service was restarted meanwhile: set event_return "
        + "and event_return_whitelist (salt/minion/*/start), and restart the master.");

    public static MasterCheckLine OfKeepJobs(bool onlyWeEndRows) => onlyWeEndRows
        ? Ok("keep_jobs", "cannot be seen from here and does no harm: a master's role removes no rows")
        : Failed("keep_jobs", "Row-level security of the job cache is off: the master's clean-up removes returns.");

    private static MasterCheckLine OfClocks(RoundTripSeen trip)
    {
        var master = trip.MasterClockOff ?? TimeSpan.Zero;
        var ours = trip.OurClockOff;
        var says = trip.MasterClockOff is null
            ? "the return has no time of the master's"
            : $"the master's is {Difference(master)} the database's";
        says += $", ours is {Difference(ours)} it";
        var worst = master.Duration() > ours.Duration() ? master.Duration() : ours.Duration();
        return worst < Harmless ? Ok("clocks", says)
            : worst < Harmful ? Warning("clocks", $"{says}: keep them together (NTP).")
            : Failed("clocks", $"{says}: minions count as heard from when they were not. Set the clocks (NTP).");
    }

    private static string Difference(TimeSpan off) => off.Duration() < TimeSpan.FromSeconds(1)
        ? "with"
        : $"{off.Duration().TotalSeconds:0.0} s {(off > TimeSpan.Zero ? "ahead of" : "behind")}";

    private static string Age(TimeSpan age) => age switch
    {
        { TotalHours: < 1 } => $"{Math.Max(0, age.TotalMinutes):0} min",
        { TotalDays: < 2 } => $"{age.TotalHours:0} h",
        _ => $"{age.TotalDays:0} days",
    };

    private static string Names(RoundTripSeen trip) => string.Join(", ", trip.Minions);
}
