using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Results;

/// <summary>
/// Opens the bodies of those returns of a batch whose kind asks for it, one at a time, and lets the kind say what they
/// mean. What a minion sent is input: a body that nobody can read fails its own target with that reason and holds up
/// no other.
/// </summary>
internal sealed partial class BodyReader(
    ActionKinds kinds,
    MinionFacts facts,
    IOptions<ResultsOptions> options,
    TimeProvider clock,
    ILogger<BodyReader> log)
{
    private const int GrainsAtATime = 100;
    private const int LongestAnswer = 1_000;
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(15);

    /// <summary>Reads what must be read among these inbox rows.</summary>
    public async Task<ReadReturns> ReadAsync(
        NpgsqlConnection connection, long[] inboxIds, CancellationToken cancellationToken)
    {
        var read = new ReadReturns();
        var arguments = new Dictionary<ActionId, JsonElement>();
        var wanted = await Statement.QueryAsync(connection, ToReadSql, [inboxIds], ReadRow, cancellationToken);
        foreach (var action in wanted.Select(one => one.Action).Distinct())
        {
            arguments[action] = await ReadArgumentsAsync(connection, action, cancellationToken);
        }

        var bytes = 0L;
        foreach (var one in wanted)
        {
            if (bytes > options.Value.MostReadBytes)
            {
                read.LeftForLater.Add(one.InboxId);
                continue;
            }

            var body = await ReadBodyAsync(connection, one, cancellationToken);
            bytes += body?.Text?.Length ?? 0;
            Judge(one with { Arguments = arguments[one.Action] }, body, read);
            await LearnAsync(connection, read, bytes > options.Value.MostReadBytes, cancellationToken);
        }

        await LearnAsync(connection, read, now: true, cancellationToken);
        return read;
    }

    /// <summary>Grains go to the fleet a few at a time: each keeps its whole body in memory until then.</summary>
    private async Task LearnAsync(
        NpgsqlConnection connection, ReadReturns read, bool now, CancellationToken cancellationToken)
    {
        if (read.Grains.Count >= (now ? 1 : GrainsAtATime))
        {
            var at = clock.GetUtcNow();
            await facts.LearnAsync(
                [.. read.Grains.Select(one => (one.Minion, one.Grains, at))], connection, cancellationToken);
            read.Grains.Clear();
        }
    }

    private void Judge(ReturnToRead one, (string? Text, long Bytes)? body, ReadReturns read)
    {
        if (body is null || body.Value.Text is null)
        {
            read.Add(one, WithoutBody(one, body?.Bytes));
            return;
        }

        if (!MinionReturn.TryParse(body.Value.Text, out var returned, out var reason))
        {
            read.Add(one, new TargetOutcome.Failed($"the return could not be read: {reason}"));
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
            read.Add(one, new TargetOutcome.Failed($"the return could not be read: {problem.Message}"));
        }
    }

    private static void Judge(ReturnToRead one, ActionKind kind, MinionReturn returned, ReadReturns read)
    {
        if (!one.IsAsk)
        {
            read.Add(one, kind.Read(one.Arguments, returned));
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
            read.Add(one, kind.ReadAnswer(one.Before, answer));
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

    private static TargetOutcome WithoutBody(ReturnToRead one, long? bytes)
    {
        var why = bytes is { } size
            ? string.Create(CultureInfo.InvariantCulture, $"the result is too large to read ({size} bytes)")
            : "the result is no longer in the job cache";
        if (one.IsAsk)
        {
            return new TargetOutcome.AskLater(AskAgain, why);
        }

        return one.Success
            ? new TargetOutcome.Completed($"{why}; its return code is 0")
            : new TargetOutcome.Failed($"{why}; its return code is not 0");
    }

    private static ReturnToRead ReadRow(NpgsqlDataReader row) => new()
    {
        InboxId = row.GetInt64(0),
        Action = new ActionId(row.GetInt64(1)),
        Submission = new SubmissionId(row.GetInt64(2)),
        Minion = new MinionKey(row.GetInt64(3)),
        Kind = row.GetString(4),
        IsAsk = row.GetBoolean(5),
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

    private async Task<(string? Text, long Bytes)?> ReadBodyAsync(
        NpgsqlConnection connection, ReturnToRead one, CancellationToken cancellationToken)
    {
        var bodies = await Statement.QueryAsync(
            connection,
            one.ReturnedAt is null ? DatelessBodySql : BodySql,
            [one.Jid, one.MinionId, options.Value.LargestReadBodyBytes, .. Day(one)],
            row => (Text: row.IsDBNull(0) ? null : row.GetString(0), Bytes: row.GetInt64(1)), cancellationToken);
        return bodies.Count == 0 ? null : bodies[0];
    }

    private static object?[] Day(ReturnToRead one) => one.ReturnedAt is { } at ? [at] : [];

    internal const string ToReadSql = """
        select i.id, s.action_id, s.id, m.minion_key, a.kind, s.is_ask, k.before, t.status = 'PickedUp', i.success,
               i.jid, i.minion_id, i.returned_at
        from inbox i
        join submission s on s.jid = i.jid
        join action a on a.id = s.action_id
        join master r on r.id = s.master_id
        join minion m on m.key_domain_id = r.key_domain_id and m.minion_id = i.minion_id
        join action_target t on t.action_id = s.action_id and t.minion_key = m.minion_key
        left join ask k on k.action_id = s.action_id and k.minion_key = m.minion_key
        where i.id = any($1::bigint[])
          and (s.is_ask or a.reads_body = 'always' or a.reads_body = 'failed' and not i.success)
        order by i.id
        """;

    internal const string ArgumentsSql = "select arguments from action where id = $1";

    /// <summary>Index salt_returns_jid_id, in the one partition of that time.</summary>
    internal const string BodySql = """
        select case when octet_length(full_ret::text) <= $3 then full_ret::text end,
               octet_length(full_ret::text)::bigint
        from salt.salt_returns
        where jid = $1 and id = $2 and alter_time = $4
        limit 1
        """;

    /// <summary>The same for a row that came without a time; such rows lie in the default partition.</summary>
    internal const string DatelessBodySql = """
        select case when octet_length(full_ret::text) <= $3 then full_ret::text end,
               octet_length(full_ret::text)::bigint
        from salt.salt_returns
        where jid = $1 and id = $2 and alter_time is null
        limit 1
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "A return for action {Action} of minion {Minion} is unreadable")]
    private partial void LogUnreadable(Exception problem, long action, long minion);
}
