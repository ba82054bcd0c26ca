using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Reads the attempts of one target, each with what came back. The body is where the returner put it, in the day of the
/// job cache that the attempt names; when that day has ended, it is what was kept for the attempt.
/// </summary>
internal sealed class AttemptDetails(NpgsqlDataSource database, TimeProvider clock) : IDisposable
{
    private const int MostAttempts = 50;

    /// <summary>A copy holds a connection of the pool for as long as its reader takes to read.</summary>
    private const int MostCopies = 4;

    private static readonly TimeSpan LongestCopy = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim copies = new(MostCopies);

    /// <summary>The latest attempts, newest first; of each result at most so many characters.</summary>
    public async Task<IReadOnlyList<AttemptDetail>> ListAsync(
        ActionId action, TargetSummary target, int mostCharacters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var attempts = await Statement.QueryAsync(
            connection, ListSql, [action.Value, target.MinionKey, MostAttempts, mostCharacters], Read,
            cancellationToken);
        for (var i = 0; i < attempts.Count; i++)
        {
            var attempt = attempts[i];
            if (attempt is { Jid: { } jid, ReturnedAt: { } returnedAt })
            {
                var body =
                    await BodyAsync(connection, jid, target.Minion, returnedAt, mostCharacters, cancellationToken);
                attempts[i] = attempt with { Result = body ?? attempt.Result };
            }
        }

        return attempts;
    }

    /// <summary>
    /// Writes the whole of what came back for an attempt, as it is, without ever holding it in memory. Unless it was
    /// written, <paramref name="begin"/> was not called. A reader that is too slow is cut off.
    /// </summary>
    public async Task<ResultCopy> CopyResultAsync(
        ActionId action, TargetSummary target, int number, Func<Task<Stream>> begin,
        CancellationToken cancellationToken)
    {
        if (!await copies.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return ResultCopy.Busy;
        }

        try
        {
            using var timer = new CancellationTokenSource(LongestCopy, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            return await FindAndCopyAsync(action, target, number, begin, either.Token)
                ? ResultCopy.Written
                : ResultCopy.NothingKept;
        }
        finally
        {
            copies.Release();
        }
    }

    public void Dispose() => copies.Dispose();

    private async Task<bool> FindAndCopyAsync(
        ActionId action, TargetSummary target, int number, Func<Task<Stream>> begin,
        CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = await Statement.QueryAsync(
            connection, PointerSql, [action.Value, target.MinionKey, number],
            row => (Jid: row.GetString(0), ReturnedAt: row.IsDBNull(1) ? (DateTimeOffset?)null
                : row.GetFieldValue<DateTimeOffset>(1)),
            cancellationToken);
        if (found is [{ ReturnedAt: { } returnedAt } pointer])
        {
            var (from, to) = DayOf(returnedAt);
            await using var body = Statement.Of(
                connection, WholeBodySql, pointer.Jid, target.Minion, from, to, returnedAt);
            if (await CopyAsync(body, begin, cancellationToken))
            {
                return true;
            }
        }

        await using var kept = Statement.Of(connection, WholeKeptSql, action.Value, target.MinionKey, number);
        return await CopyAsync(kept, begin, cancellationToken);
    }

    private static async Task<bool> CopyAsync(
        NpgsqlCommand command, Func<Task<Stream>> begin, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(
            System.Data.CommandBehavior.SequentialAccess, cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return false;
        }

        await using var text = await reader.GetStreamAsync(0, cancellationToken);
        await text.CopyToAsync(await begin(), cancellationToken);
        return true;
    }

    private static async Task<ResultText?> BodyAsync(
        NpgsqlConnection connection, string jid, string minion, DateTimeOffset returnedAt, int mostCharacters,
        CancellationToken cancellationToken)
    {
        var (from, to) = DayOf(returnedAt);
        var bodies = await Statement.QueryAsync(
            connection, BodySql, [jid, minion, from, to, returnedAt, mostCharacters],
            row => ResultOf(row.GetString(0), row.GetInt64(1), cutWhenKept: false), cancellationToken);
        return bodies.Count == 0 ? null : bodies[0];
    }

    private static AttemptDetail Read(NpgsqlDataReader row) => new()
    {
        Number = row.GetInt32(0),
        Status = row.GetString(1),
        Guessed = row.GetBoolean(2),
        Jid = row.IsDBNull(3) ? null : row.GetString(3),
        Master = row.IsDBNull(4) ? null : row.GetString(4),
        PickedUpAt = row.GetFieldValue<DateTimeOffset>(5),
        ReturnedAt = row.IsDBNull(6) ? null : row.GetFieldValue<DateTimeOffset>(6),
        EndedAt = row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7),
        Repeats = row.GetInt32(8),
        Reason = row.IsDBNull(9) ? null : row.GetString(9),
        Result = row.IsDBNull(10) ? null : ResultOf(row.GetString(10), row.GetInt64(11), row.GetBoolean(12)),
    };

    private static ResultText ResultOf(string text, long size, bool cutWhenKept)
    {
        // PostgreSQL counts code points, .NET half of some of them.
        var characters = text.Length - text.Count(char.IsLowSurrogate);
        return new ResultText(text, size, characters < size, cutWhenKept);
    }

    /// <summary>
    /// The job cache has a partition for each day of UTC; naming both ends lets PostgreSQL open only that.
    /// </summary>
    private static (DateTimeOffset From, DateTimeOffset To) DayOf(DateTimeOffset time)
    {
        var day = new DateTimeOffset(time.UtcDateTime.Date, TimeSpan.Zero);
        return (day, day.AddDays(1));
    }

    internal const string ListSql = """
        select a.number, a.status, a.guessed, s.jid, r.name, a.picked_up_at, a.returned_at, a.ended_at, a.repeats,
               a.reason, left(k.result, $4), length(k.result)::bigint, k.cut
        from saltern.attempt a
        left join saltern.kept_result k using (action_id, minion_key, number)
        left join saltern.submission s on s.id = a.submission_id
        left join saltern.master r on r.id = s.master_id
        where a.action_id = $1 and a.minion_key = $2
        order by a.number desc limit $3
        """;

    internal const string BodySql = """
        select left(r.return::text, $6), length(r.return::text)::bigint
        from salt.salt_returns r
        where r.jid = $1 and r.id = $2 and r.alter_time >= $3 and r.alter_time < $4
        order by abs(extract(epoch from r.alter_time - $5)) limit 1
        """;

    internal const string PointerSql = """
        select s.jid, a.returned_at
        from saltern.attempt a join saltern.submission s on s.id = a.submission_id
        where a.action_id = $1 and a.minion_key = $2 and a.number = $3
        """;

    internal const string WholeBodySql = """
        select r.return::text
        from salt.salt_returns r
        where r.jid = $1 and r.id = $2 and r.alter_time >= $3 and r.alter_time < $4
        order by abs(extract(epoch from r.alter_time - $5)) limit 1
        """;

    internal const string WholeKeptSql = """
        select result from saltern.kept_result where action_id = $1 and minion_key = $2 and number = $3
        """;
}
