using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Results;

/// <summary>
/// Opens the bodies of those returns of a batch whose kind asks for it, one after another, and lets the kind say what
/// they mean. What a minion sent is input: a body that nobody can read fails its own target with that reason and holds
/// up no other.
/// </summary>
internal sealed partial class BodyReader(
    ActionKinds kinds,
    MinionFacts facts,
    IOptions<ResultsOptions> options,
    TimeProvider clock,
    ILogger<BodyReader> log)
{
    /// <summary>Bodies asked for by one statement; grains keep their whole bodies in memory until its end.</summary>
    private const int AtATime = 100;

    private const int LongestAnswer = 1_000;
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Reads the bodies of those that need it; once it has read enough for one batch, it leaves the rest.
    /// </summary>
    public async Task<ReadReturns> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<TakenReturn> taken, CancellationToken cancellationToken)
    {
        var read = new ReadReturns();
        var inboxIds = taken.Where(one => one.ReadsBody).Select(one => one.InboxId).ToArray();
        if (inboxIds.Length == 0)
        {
            return read;
        }

        var wanted = await Statement.QueryAsync(connection, ToReadSql, [inboxIds], ReadRow, cancellationToken);
        var arguments = new Dictionary<ActionId, JsonElement>();
        foreach (var action in wanted.Select(one => one.Action).Distinct())
        {
            arguments[action] = await ReadArgumentsAsync(connection, action, cancellationToken);
        }

        var bytes = 0L;
        foreach (var some in wanted.Select(one => one with { Arguments = arguments[one.Action] }).Chunk(AtATime))
        {
            if (bytes > options.Value.MostReadBytes)
            {
                read.LeftForLater.UnionWith(some.Select(one => one.InboxId));
                continue;
            }

            bytes += await ReadBodiesAsync(
                connection, some, options.Value.MostReadBytes - bytes, read, cancellationToken);
            await LearnAsync(connection, read, cancellationToken);
        }

        return read;
    }

    /// <summary>Reads bodies until they come to so many bytes, and at least one; returns how many bytes.</summary>
    private async Task<long> ReadBodiesAsync(
        NpgsqlConnection connection, ReturnToRead[] some, long mostBytes, ReadReturns read,
        CancellationToken cancellationToken)
    {
        var bytes = 0L;
        await using var command = Statement.Of(
            connection, BodiesSql, some.Select(one => one.Jid).ToArray(),
            some.Select(one => one.MinionId).ToArray(),
            new NpgsqlParameter
            {
                Value = some.Select(one => one.ReturnedAt).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
            },
            options.Value.LargestReadBodyBytes, mostBytes);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var one = some[reader.GetInt64(0) - 1];
            if (reader.GetBoolean(3))
            {
                read.LeftForLater.Add(one.InboxId);
                continue;
            }

            var text = reader.IsDBNull(1) ? null : reader.GetString(1);
            var size = reader.IsDBNull(2) ? (long?)null : reader.GetInt64(2);
            bytes += size ?? 0;
            Judge(one, text, size, read);
        }

        return bytes;
    }

    private async Task LearnAsync(NpgsqlConnection connection, ReadReturns read, CancellationToken cancellationToken)
    {
        if (read.Grains.Count > 0)
        {
            var at = clock.GetUtcNow();
            await facts.LearnAsync(
                [.. read.Grains.Select(one => (one.Minion, one.Grains, at))], connection, cancellationToken);
            read.Grains.Clear();
        }

        if (read.Software.Count > 0)
        {
            await MinionSoftware.LearnAsync(read.Software, clock.GetUtcNow(), connection, cancellationToken);
            read.Software.Clear();
        }
    }

    private void Judge(ReturnToRead one, string? text, long? bytes, ReadReturns read)
    {
        if (text is null)
        {
            AddWithoutBody(one, bytes, read);
            return;
        }

        if (!MinionReturn.TryParse(text, out var returned, out var reason))
        {
            AddUnreadable(one, reason, read);
            return;
        }

        try
        {
            Judge(one, kinds.Get(one.Kind), returned, read);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException
            or ArgumentException or KeyNotFoundException or OverflowException)
        {
            // A kind that trips over a shape it did not expect must not hold up the returns of others.
            LogUnreadable(problem, one.Action.Value, one.Minion.Value);
            AddUnreadable(one, problem.Message, read);
        }
    }

    /// <summary>What nobody can read fails its target; an answer that nobody can read is no answer.</summary>
    private static void AddUnreadable(ReturnToRead one, string reason, ReadReturns read)
    {
        if (one.IsAsk)
        {
            AddNoAnswer(one, reason, read);
            return;
        }

        read.Add(one, new TargetOutcome.Failed($"the return could not be read: {reason}"));
    }

    private static void AddNoAnswer(ReturnToRead one, string reason, ReadReturns read)
    {
        switch (one.Purpose)
        {
            case AskPurpose.Kind:
                read.Add(one, new TargetOutcome.AskLater(AskAgain, reason));
                break;
            case AskPurpose.FindCachedJob:
                // Asked again, it would say the same, however large that is.
                read.WatchAnswers.Add((one, new WatchAnswer.NoCache()));
                break;
            default:
                read.WatchAnswers.Add((one, new WatchAnswer.Unusable()));
                break;
        }
    }

    private static void Judge(ReturnToRead one, ActionKind kind, MinionReturn returned, ReadReturns read)
    {
        if (!one.IsAsk)
        {
            read.Add(one, kind.Read(one.Arguments, returned));
            return;
        }

        if (one.Purpose != AskPurpose.Kind)
        {
            read.WatchAnswers.Add((one, WatchAnswer.Read(one.Purpose!.Value, one.AboutJid, returned)));
            return;
        }

        if (!returned.Success)
        {
            read.Add(one, new TargetOutcome.AskLater(AskAgain, "the minion could not answer yet"));
            return;
        }

        var answer = AnswerOf(returned);
        if (one.PickedUp)
        {
            var outcome = kind.ReadAnswer(one.Before, answer);
            read.Add(one, outcome is TargetOutcome.AskLater later && one.IsOverdue
                ? new TargetOutcome.Failed($"{later.Reason}; the deadline is over")
                : outcome);
        }
        else if (kind.ReadAnswer(answer, answer) is TargetOutcome.Failed unusable)
        {
            // With an answer that cannot be compared with a later one, the action's end would never be known.
            read.Add(one, new TargetOutcome.AskLater(AskAgain, unusable.Reason));
        }
        else
        {
            read.Answers.Add((one, answer));
        }
    }

    /// <summary>What was answered, as text that a column takes: short, and without the NUL it refuses.</summary>
    private static string AnswerOf(MinionReturn returned)
    {
        var text = returned.Return.ValueKind == JsonValueKind.String
            ? returned.Return.GetString()!
            : returned.Return.GetRawText();
        text = text.Replace("\0", "", StringComparison.Ordinal).Trim();
        return text.Length > LongestAnswer ? text[..LongestAnswer] : text;
    }

    private static void AddWithoutBody(ReturnToRead one, long? bytes, ReadReturns read)
    {
        var why = bytes is { } size
            ? string.Create(CultureInfo.InvariantCulture, $"the result is too large to read ({size} bytes)")
            : "the result is no longer in the job cache";
        if (one.IsAsk)
        {
            AddNoAnswer(one, why, read);
            return;
        }

        read.Add(one, one.Success
            ? new TargetOutcome.Completed($"{why}; its return code is 0")
            : new TargetOutcome.Failed($"{why}; its return code is not 0"));
    }

    private static ReturnToRead ReadRow(NpgsqlDataReader row) => new()
    {
        InboxId = row.GetInt64(0),
        Action = new ActionId(row.GetInt64(1)),
        Submission = new SubmissionId(row.GetInt64(2)),
        Minion = new MinionKey(row.GetInt64(3)),
        Kind = row.GetString(4),
        Purpose = row.IsDBNull(5) ? null : Enum.Parse<AskPurpose>(row.GetString(5)),
        AboutJid = row.IsDBNull(12) ? null : row.GetString(12),
        IsOverdue = row.GetBoolean(13),
        Before = row.IsDBNull(6) ? null : row.GetString(6),
        PickedUp = row.GetBoolean(7),
        Success = row.GetBoolean(8),
        Jid = row.GetString(9),
        MinionId = row.GetString(10),
        ReturnedAt = row.IsDBNull(11) ? null : row.GetFieldValue<DateTimeOffset>(11),
    };

    private static async Task<JsonElement> ReadArgumentsAsync(
        NpgsqlConnection connection, ActionId action, CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(connection, ArgumentsSql, action.Value);
        return JsonElement.Parse((string)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <summary>By minion: grains are learned in this order, and whoever writes to many minions keeps to it.</summary>
    internal const string ToReadSql = """
        select i.id, s.action_id, s.id, m.minion_key, a.kind, s.ask_purpose, k.before, t.status = 'PickedUp', i.success,
               i.jid, i.minion_id, i.returned_at, b.jid,
               exists (select 1 from submission o where o.id = t.submission_id and o.watched_at is not null)
        from unnest((select $1::bigint[])) as w(id)
        join inbox i on i.id = w.id
        join submission s on s.jid = i.jid
        join action a on a.id = s.action_id
        join master r on r.id = s.master_id
        join minion m on m.key_domain_id = r.key_domain_id and m.minion_id = i.minion_id
        join action_target t on t.action_id = s.action_id and t.minion_key = m.minion_key
        left join ask k on k.action_id = s.action_id and k.minion_key = m.minion_key and k.purpose = 'Kind'
        left join submission b on b.id = s.about
        order by m.minion_key, i.id
        """;

    internal const string ArgumentsSql = "select arguments from action where id = $1";

    /// <summary>
    /// Index salt_returns_jid_id, in the one partition of that time; rows without a time lie in the default partition.
    /// The last column says that those before it come to the limit ($5): such a body is not sent.
    /// </summary>
    internal const string BodiesSql = """
        with found as (
            select w.number, b.body, octet_length(b.body)::bigint as bytes
            from unnest($1::text[], $2::text[], $3::timestamptz[])
                with ordinality as w(jid, minion_id, returned_at, number)
            left join lateral (
                select r.full_ret::text as body from salt.salt_returns r
                where r.jid = w.jid and r.id = w.minion_id and r.alter_time = w.returned_at
                union all
                select r.full_ret::text from salt.salt_returns r
                where r.jid = w.jid and r.id = w.minion_id and r.alter_time is null and w.returned_at is null
                limit 1) b on true),
        summed as (
            select number, body, bytes,
                   coalesce(sum(bytes) over (order by number rows between unbounded preceding and 1 preceding), 0)
                       > $5 as left_for_later
            from found)
        select number, case when bytes <= $4 and not left_for_later then body end, bytes, left_for_later
        from summed order by number
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "A return for action {Action} of minion {Minion} is unreadable")]
    private partial void LogUnreadable(Exception problem, long action, long minion);
}
