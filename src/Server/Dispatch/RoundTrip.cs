using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Sends a ping to a few minions of a master, under a jid of ours, and waits for its traces: the record of the
/// publication, the return, the events. It belongs to no action: settling counts its returns as of no attempt of ours.
/// </summary>
internal sealed class RoundTrip(NpgsqlDataSource database, TimeProvider clock)
{
    private const int MostMinions = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    /// <summary>Events are stored in batches, a little after the return.</summary>
    private static readonly TimeSpan EventPatience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan BetweenRunnerCalls = TimeSpan.FromSeconds(1);

    /// <param name="accepted">Who has a key there, for when we have not read the keys yet.</param>
    /// <param name="throughRunner">Its job cache is not our database.</param>
    public async Task<RoundTripSeen> MakeAsync(
        ISaltApi api, IEnumerable<MinionId> accepted, bool throughRunner, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var heard = await Statement.QueryAsync(
            connection, CandidatesSql, [api.Master, MostMinions], row => MinionId.Parse(row.GetString(0)),
            cancellationToken);
        IReadOnlyList<MinionId> minions = heard.Count > 0 ? heard : [.. accepted.Take(MostMinions)];
        var (serial, before) = (await Statement.QueryAsync(
            connection, BeginSql, [], row => (row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1)),
            cancellationToken)).Single();
        var seen = new RoundTripSeen
        {
            Jid = Jid.Create(clock.GetUtcNow(), (int)serial),
            Minions = minions,
            OurClockOff = clock.GetUtcNow() - before,
        };
        if (minions.Count == 0)
        {
            return seen;
        }

        var started = clock.GetTimestamp();
        var metadata = new SaltMetadata(new JsonObject { ["saltern"] = new JsonObject { ["check"] = api.Master } });
        var outcome = await api.SubmitAsync(new SaltCall("test.ping"), minions, seen.Jid, metadata, cancellationToken);
        seen = seen with { Outcome = outcome, Call = clock.GetElapsedTime(started) };
        return outcome switch
        {
            SubmitOutcome.Refused or SubmitOutcome.NotSent => seen,
            _ when throughRunner => await WatchRunnerAsync(api, seen, started, cancellationToken),
            _ => await WatchAsync(connection, seen, before, started, cancellationToken),
        };
    }

    private async Task<RoundTripSeen> WatchRunnerAsync(
        ISaltApi api, RoundTripSeen seen, long started, CancellationToken cancellationToken)
    {
        var kwargs = new JsonObject { ["jid"] = seen.Jid.Value };
        while (true)
        {
            var answer = await api.RunnerAsync("jobs.list_job", (JsonObject)kwargs.DeepClone(), cancellationToken);
            if (answer is SaltAnswer<JsonElement>.Given { Value: { ValueKind: JsonValueKind.Object } job }
                && job.TryGetProperty("Result", out var result) && result.ValueKind is JsonValueKind.Object
                && result.EnumerateObject().Any())
            {
                return seen with
                {
                    Returned = [.. result.EnumerateObject().Select(one => one.Name)],
                    UntilReturn = clock.GetElapsedTime(started),
                };
            }

            if (clock.GetElapsedTime(started) > Patience)
            {
                return seen;
            }

            await Task.Delay(BetweenRunnerCalls, clock, cancellationToken);
        }
    }

    private async Task<RoundTripSeen> WatchAsync(
        NpgsqlConnection connection, RoundTripSeen seen, DateTimeOffset before, long started,
        CancellationToken cancellationToken)
    {
        while (clock.GetElapsedTime(started) < Patience)
        {
            var returns = await Statement.QueryAsync(
                connection, ReturnsSql, [seen.Jid.Value],
                row => (Minion: row.GetString(0), Full: row.GetString(1), Now: row.GetFieldValue<DateTimeOffset>(2)),
                cancellationToken);
            if (returns.Count > 0)
            {
                var first = returns[0];
                seen = seen with
                {
                    Returned = [.. returns.Select(one => one.Minion).Distinct()],
                    UntilReturn = clock.GetElapsedTime(started),
                    NamesMaster = Text(first.Full, "master_id") is { Length: > 0 },
                    MasterClockOff = ClockOff(Text(first.Full, "_stamp"), before, first.Now),
                };
                break;
            }

            await Task.Delay(Between, clock, cancellationToken);
        }

        return await WithTracesAsync(connection, seen, cancellationToken);
    }

    private async Task<RoundTripSeen> WithTracesAsync(
        NpgsqlConnection connection, RoundTripSeen seen, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var minion = seen.Returned is [var first, ..] ? first : "";
        while (true)
        {
            seen = (await Statement.QueryAsync(
                connection, TracesSql, [seen.Jid.Value, minion],
                row => seen with
                {
                    Recorded = !row.IsDBNull(0),
                    Overwritten = !row.IsDBNull(0) && Text(row.GetString(0), "return") is not null,
                    Announced = row.GetBoolean(1),
                    ReturnIsEvent = row.GetBoolean(2),
                },
                cancellationToken)).Single();
            // The event of a return comes after those of the job, if it comes at all.
            if ((seen is { Recorded: true, Announced: true } && (minion.Length == 0 || seen.ReturnIsEvent))
                || clock.GetElapsedTime(started) > EventPatience)
            {
                return seen;
            }

            await Task.Delay(Between, clock, cancellationToken);
        }
    }

    /// <summary>The clock's distance from the time between two moments; see <see cref="RoundTripSeen"/>.</summary>
    internal static TimeSpan? ClockOff(string? stamp, DateTimeOffset before, DateTimeOffset after)
    {
        if (!DateTimeOffset.TryParse(
            stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var at))
        {
            return null;
        }

        return at < before ? at - before : at > after ? at - after : TimeSpan.Zero;
    }

    /// <summary>The text of a member at the top of an object; of another kind of value its JSON.</summary>
    private static string? Text(string json, string member)
    {
        try
        {
            var value = SaltJson.Member(JsonElement.Parse(json), member);
            return value.ValueKind is JsonValueKind.Undefined ? null : SaltJson.Text(value) ?? value.GetRawText();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Those heard from last. Index minion_by_master.</summary>
    internal const string CandidatesSql = """
        select m.minion_id
        from master r join minion m on m.master_id = r.id
        left join minion_contact c on c.minion_key = m.minion_key
        where r.name = $1 and m.key_status = 'accepted'
        order by c.last_contact_at desc nulls last, m.minion_key limit $2
        """;

    internal const string BeginSql = "select nextval('jid_serial'), clock_timestamp()";

    internal const string ReturnsSql =
        "select id, full_ret::text, clock_timestamp() from salt.salt_returns where jid = $1";

    internal const string TracesSql = """
        select (select load::text from salt.jids where jid = $1),
               exists (select 1 from salt.salt_events where tag = 'salt/job/' || $1 || '/new'),
               exists (select 1 from salt.salt_events where tag = 'salt/job/' || $1 || '/ret/' || $2)
        """;
}
