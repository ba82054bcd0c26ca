using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Results;

/// <summary>
/// Looks after targets whose return is overdue. At the deadline of their submission the job cache is searched for their
/// returns once more; then their minions are asked (<see cref="WatchAnswers"/> says what follows). Only when the
/// action's patience is over as well does a target that nothing was heard of fail, as a guess, marked as such; a late
/// return puts it right.
/// </summary>
internal sealed partial class Overdue(
    NpgsqlDataSource database, MissedReturns missed, Bells bells, IOptions<ResultsOptions> options,
    TimeProvider clock, ILogger<Overdue> log)
{
    private const int MostSubmissions = 50;

    /// <summary>Asks that nobody needs any more, removed in one pass.</summary>
    private const int MostAsks = 20_000;

    /// <summary>One bounded pass; returns how many submissions it began to watch or gave up.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, ForgetAsksSql, [MostAsks], cancellationToken);
        var overdue = await ReadOverdueAsync(connection, now, cancellationToken);
        if (overdue.Count == 0)
        {
            return 0;
        }

        if (await missed.RunOnceAsync(TimeSpan.Zero, cancellationToken) > 0)
        {
            // What was found is settled first; of the others, those without any return are still overdue.
            bells.Inbox.Ring();
            overdue = await ReadOverdueAsync(connection, now, cancellationToken);
        }

        foreach (var one in overdue)
        {
            if (one.IsWatched)
            {
                await GiveUpAsync(connection, one, now, cancellationToken);
            }
            else
            {
                await WatchAsync(connection, one, now, cancellationToken);
            }
        }

        bells.Due.Ring();
        return overdue.Count;
    }

    private static Task<List<OverdueSubmission>> ReadOverdueAsync(
        NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken) => Statement.QueryAsync(
        connection, OverdueSql, [now, MostSubmissions],
        row => new OverdueSubmission(
            new SubmissionId(row.GetInt64(0)), new ActionId(row.GetInt64(1)), row.GetFieldValue<DateTimeOffset>(2),
            row.GetBoolean(3)),
        cancellationToken);

    /// <summary>Its minions are asked; from now on the deadline is the end of the action's patience.</summary>
    private async Task WatchAsync(
        NpgsqlConnection connection, OverdueSubmission one, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var asked = await Statement.ExecuteAsync(
            connection, WatchSql, [one.Id.Value, now, options.Value.FirstAskAfter], cancellationToken);
        LogOverdue(one.Action.Value, asked, one.Deadline);
    }

    private async Task GiveUpAsync(
        NpgsqlConnection connection, OverdueSubmission one, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var counters = new Counters();
        var running = await Statement.QueryAsync(
            connection, RunningSql, [one.Action.Value, one.Id.Value], row => MinionId.Parse(row.GetString(0)),
            cancellationToken);
        var ended = await TargetEnding.FailAsync(
            connection, one.Action, one.Id, running, $"it still ran when last asked before {one.Deadline:u}, which is "
            + "as long as it was waited for (a guess: its return replaces it)", guessed: true, counters, now,
            cancellationToken);
        ended += await TargetEnding.FailAsync(
            connection, one.Action, one.Id, null, $"no answer by {one.Deadline:u}, and no return in the job cache (a "
            + "guess: a return that arrives late replaces it)", guessed: true, counters, now, cancellationToken);
        await Statement.ExecuteAsync(connection, NoMoreSql, [one.Id.Value, now], cancellationToken);
        await counters.ApplyAsync(connection, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogGivenUp(one.Action.Value, ended, one.Deadline);
    }

    private sealed record OverdueSubmission(
        SubmissionId Id, ActionId Action, DateTimeOffset Deadline, bool IsWatched);

    /// <summary>
    /// Index submission_past_deadline. One whose returns wait in the inbox is settled first; one that was never sent
    /// has not begun to be late.
    /// </summary>
    internal const string OverdueSql = """
        select s.id, s.action_id, s.deadline_at, s.watched_at is not null from submission s
        where s.outstanding + s.waiting > 0 and s.deadline_at <= $1 and not s.is_ask and s.sends > 0
          and not exists (select 1 from inbox i where i.jid = s.jid)
        order by s.deadline_at limit $2
        """;

    /// <summary>
    /// A target that has returned is not asked for its job: its kind asks it. Patience counts from the pick-up;
    /// where it was over before anybody could look, the minion has a while to answer all the same.
    /// </summary>
    internal const string WatchSql = """
        with watched as (
            update submission s
            set watched_at = $2,
                deadline_at = case when s.created_at + g.after > $2 then s.created_at + g.after
                                   else $2 + least(g.after, interval '15 min') end
            from action a
            cross join lateral (select a.give_up_after_seconds * interval '1 s' as after) g
            join submission o on o.id = $1
            where s.id = $1 and s.watched_at is null and a.id = s.action_id
            returning s.id, s.action_id, o.deadline_at - a.deadline_seconds * interval '1 s' as sent_at)
        insert into ask (action_id, minion_key, purpose, about, due_at)
        select t.action_id, t.minion_key, 'FindJob', w.id, greatest($2, w.sent_at + $3::interval)
        from watched w
        join action_target t on t.action_id = w.action_id and t.submission_id = w.id
        where t.status = 'PickedUp' and t.returned_at is null
        order by t.minion_key
        on conflict (action_id, minion_key, purpose) do update
        set about = excluded.about, due_at = excluded.due_at, submission_id = null, answered_at = null,
            answer = null, missing_since = null, on_contact = false, tries = 0
        """;

    /// <summary>Minions whose last answer was that the job runs, unless they have been silent for long since.</summary>
    internal const string RunningSql = """
        select m.minion_id from ask k join minion m on m.minion_key = k.minion_key
        where k.action_id = $1 and k.about = $2 and k.purpose = 'FindJob' and k.answer = 'Runs' and k.tries < 3
        """;

    internal const string NoMoreSql = """
        update submission
        set outstanding = 0, waiting = 0, outcome = coalesce(outcome, 'Unclear'),
            outcome_at = coalesce(outcome_at, $2)
        where id = $1
        """;

    /// <summary>Asks about targets that have ended. Those under way are left until they are answered or lost.</summary>
    internal const string ForgetAsksSql = """
        delete from ask d using (
            select k.action_id, k.minion_key, k.purpose
            from ask k
            join action_target t on t.action_id = k.action_id and t.minion_key = k.minion_key
            where k.answered_at is null and k.submission_id is null
              and (t.status not in ('Queued', 'PickedUp') or t.submission_id is distinct from k.about
                   and k.about is not null)
            order by k.action_id, k.minion_key limit $1
            for update of k skip locked) as k
        where d.action_id = k.action_id and d.minion_key = k.minion_key and d.purpose = k.purpose
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Targets} targets of action {Action} have not returned by {Deadline}; their minions are asked")]
    private partial void LogOverdue(long action, int targets, DateTimeOffset deadline);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Targets} targets of action {Action} were not heard of by {Deadline}; they fail as a guess")]
    private partial void LogGivenUp(long action, int targets, DateTimeOffset deadline);
}
