using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Results;

/// <summary>
/// What follows from the answers about overdue jobs, in the settling transaction. A job that runs is asked about again
/// later. That one does not run counts when the minion says so twice, further apart than its tries to deliver the
/// return take; then its own cache is asked. What it kept goes into the job cache, as if it had returned, and settles
/// like any return; where it kept none, the attempt is lost. An ask that has been replaced meanwhile tells nothing.
/// </summary>
internal sealed class WatchAnswers(
    NpgsqlConnection connection, Counters counters, OutstandingChange fewer, ResultsOptions options,
    DateTimeOffset now)
{
    /// <summary>What is shown of a target that is overdue, by the last answer about its job.</summary>
    private static readonly (string Answer, string Words)[] Said =
    [
        (nameof(WatchAnswer.Runs), "past its deadline; the minion still runs it"),
        (nameof(WatchAnswer.Missing),
            "past its deadline; the minion does not run it and is asked once more, its return may be on its way"),
    ];

    public async Task ApplyAsync(
        IReadOnlyList<(ReturnToRead Return, WatchAnswer Answer)> answers, CancellationToken cancellationToken)
    {
        if (answers.Count == 0)
        {
            return;
        }

        await KeepFoundAsync(answers, cancellationToken);
        var told = await NoteAsync(answers, cancellationToken);
        await HearAsync(told, cancellationToken);
        await EndStoppedAsync(told, cancellationToken);
        await AskNextAsync(AskPurpose.FindCachedJob, told.Where(one => one.IsProven), now, cancellationToken);
        await AskNextAsync(
            AskPurpose.KillJob, told.Where(one => one is { Answer: nameof(WatchAnswer.Runs), IsStopped: true }), now,
            cancellationToken);
        await AskNextAsync(
            AskPurpose.FindJob, told.Where(one => one.Purpose is AskPurpose.TermJob or AskPurpose.KillJob),
            now + options.StopGrace, cancellationToken);
        await LoseAsync(told, cacheIsOff: false, nameof(WatchAnswer.NotCached), cancellationToken);
        await LoseAsync(told, cacheIsOff: true, nameof(WatchAnswer.NoCache), cancellationToken);
    }

    /// <summary>Puts what minions kept into the job cache; the trigger there hands it to the next batch.</summary>
    private async Task KeepFoundAsync(
        IReadOnlyList<(ReturnToRead Return, WatchAnswer Answer)> answers, CancellationToken cancellationToken)
    {
        foreach (var (one, answer) in answers)
        {
            if (answer is not WatchAnswer.Found { Job: var job })
            {
                continue;
            }

            var function = job.TryGetProperty("fun", out var name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()!
                : "";
            var found = CollectedReturn.Of(one.AboutJid!, function, one.MinionId, job);
            await Statement.ExecuteAsync(
                connection, KeepFoundSql,
                [
                    function, one.AboutJid, found.Returned, one.MinionId, found.Success ? "true" : "false", found.Full,
                    now,
                ],
                cancellationToken);
        }
    }

    private async Task<List<Told>> NoteAsync(
        IReadOnlyList<(ReturnToRead Return, WatchAnswer Answer)> answers, CancellationToken cancellationToken)
    {
        var sorted = answers
            .DistinctBy(one => (one.Return.Submission, one.Return.Minion))
            .OrderBy(one => one.Return.Action.Value).ThenBy(one => one.Return.Minion.Value).ToArray();
        var told = await Statement.QueryAsync(
            connection, NoteSql,
            [
                now,
                Array.ConvertAll(sorted, one => one.Return.Action.Value),
                Array.ConvertAll(sorted, one => one.Return.Minion.Value),
                Array.ConvertAll(sorted, one => one.Return.Submission.Value),
                Array.ConvertAll(sorted, one => one.Answer.Word),
                options.ProofAfter, options.AskWhileRunning, options.AskAgain,
            ],
            Told.Read, cancellationToken);
        foreach (var one in told)
        {
            fewer.End(one.Ask);
        }

        return told;
    }

    /// <summary>Who waited for contact is in flight again, and overdue targets say what their minions said.</summary>
    private async Task HearAsync(List<Told> told, CancellationToken cancellationToken)
    {
        var heard = await Statement.QueryAsync(
            connection, HearSql, Arrays(told), row => (new ActionId(row.GetInt64(0)), Submission: row.GetInt64(1)),
            cancellationToken);
        foreach (var (action, submission) in heard)
        {
            fewer.Hear(submission);
            counters.Add(action, new CountChange(Waiting: -1));
        }

        foreach (var (answer, words) in Said)
        {
            var some = told.Where(one => one.Purpose == AskPurpose.FindJob && one.Answer == answer).ToList();
            if (some.Count > 0)
            {
                await Statement.ExecuteAsync(connection, SaySql, [words, .. Arrays(some)], cancellationToken);
            }
        }
    }

    /// <summary>
    /// A job that was sent a signal and does not run has been stopped: a killed one returns nothing. One that got none
    /// may not have begun, or may have come to its end before: what became of it is found by the rule of proof.
    /// </summary>
    private async Task EndStoppedAsync(List<Told> told, CancellationToken cancellationToken)
    {
        var missing = told.Where(one => one is { Answer: nameof(WatchAnswer.Missing), IsStopped: true }).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var ended = await Statement.QueryAsync(
            connection, EndStoppedSql, [now, .. Arrays(missing)],
            row => (Action: new ActionId(row.GetInt64(0)), Minion: row.GetInt64(1), Submission: row.GetInt64(2),
                Waited: row.GetBoolean(3)),
            cancellationToken);
        foreach (var (action, minion, submission, waited) in ended)
        {
            fewer.End(submission, waited);
            counters.Add(action, CountChange.End(TargetStatus.Failed, waited, 1), [minion]);
        }
    }

    private async Task AskNextAsync(
        AskPurpose purpose, IEnumerable<Told> about, DateTimeOffset due, CancellationToken cancellationToken)
    {
        var some = about.ToList();
        if (some.Count > 0)
        {
            await Statement.ExecuteAsync(
                connection, AskNextSql, [purpose.ToString(), due, .. Arrays(some)], cancellationToken);
        }
    }

    private async Task LoseAsync(
        List<Told> told, bool cacheIsOff, string answer, CancellationToken cancellationToken)
    {
        var some = told.Where(one => one.Answer == answer).ToList();
        if (some.Count == 0)
        {
            return;
        }

        var lost = await LostAttempts.EndAsync(
            connection, Arrays(some), cacheIsOff, options.RetryPause, counters, now, cancellationToken);
        foreach (var (submission, waited) in lost)
        {
            fewer.End(submission, waited);
        }
    }

    private static object?[] Arrays(List<Told> told) =>
    [
        told.Select(one => one.Action).ToArray(), told.Select(one => one.Minion).ToArray(),
        told.Select(one => one.About).ToArray(),
    ];

    /// <summary>An answer as it was noted: whom and what it is about.</summary>
    private sealed record Told(
        long Action, long Minion, long Ask, long About, AskPurpose Purpose, string Answer, bool IsProven,
        bool IsStopped)
    {
        public static Told Read(NpgsqlDataReader row) => new(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? 0 : row.GetInt64(3),
            Enum.Parse<AskPurpose>(row.GetString(4)), row.GetString(5), row.GetBoolean(6), row.GetBoolean(7));
    }

    internal const string KeepFoundSql = """
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        select $1, $2, $3::json, $4, $5, $6::json, $7
        where not exists (select 1 from salt.salt_returns r where r.jid = $2 and r.id = $4)
        """;

    /// <summary>
    /// $6 how far apart two answers must be that a job does not run: the second ask goes out that long after the first
    /// answer. $7 until a running job is asked about again, $8 the same where the answer was no use. A running job that
    /// is in time is not asked about again.
    /// </summary>
    internal const string NoteSql = """
        with answered as materialized (
            select * from unnest(
                    (select $2::bigint[]), (select $3::bigint[]), (select $4::bigint[]), (select $5::text[]))
                as a(action_id, minion_key, submission_id, answer)),
        noted as (
            update ask k
            set submission_id = null, on_contact = false, tries = 0,
                answer = case when k.answer = 'Signalled' and a.answer = 'Done' then k.answer else a.answer end,
                missing_since = case a.answer when 'Missing' then coalesce(k.missing_since, $1)
                                              when 'Runs' then null else k.missing_since end,
                due_at = $1 + case a.answer when 'Missing' then $6::interval when 'Runs' then $7::interval
                                            else $8::interval end,
                answered_at = case when a.answer in ('Done', 'Signalled', 'Found', 'NotCached', 'NoCache')
                                     or a.answer = 'Missing' and k.asked_at >= k.missing_since + $6::interval
                                     or a.answer = 'Runs' and (
                                         select s.watched_at is null and t.stopped_by is null
                                         from action_target t join submission s on s.id = t.submission_id
                                         where t.action_id = k.action_id and t.minion_key = k.minion_key
                                           and t.submission_id = k.about)
                                   then $1 end
            from answered a
            where k.action_id = a.action_id and k.minion_key = a.minion_key and k.submission_id = a.submission_id
            returning k.action_id, k.minion_key, a.submission_id, k.about, k.purpose, a.answer,
                      a.answer = 'Missing' and k.answered_at is not null as proven)
        select n.action_id, n.minion_key, n.submission_id, n.about, n.purpose, n.answer, n.proven,
               coalesce(t.stopped_by is not null, false)
        from noted n
        left join action_target t
          on t.action_id = n.action_id and t.minion_key = n.minion_key and t.submission_id = n.about
        order by n.action_id, n.minion_key
        """;

    internal const string HearSql = """
        update action_target t set waits = false, reason = 'being stopped by ' || t.stopped_by
        from unnest((select $1::bigint[]), (select $2::bigint[]), (select $3::bigint[]))
            as h(action_id, minion_key, submission_id)
        where t.action_id = h.action_id and t.minion_key = h.minion_key and t.submission_id = h.submission_id
          and t.status = 'PickedUp' and t.waits
        returning t.action_id, t.submission_id
        """;

    /// <summary>Only words: a target that somebody else holds is passed over, and one that is in time.</summary>
    internal const string SaySql = """
        update action_target t set reason = $1
        from (select t.action_id, t.minion_key
              from unnest((select $2::bigint[]), (select $3::bigint[]), (select $4::bigint[]))
                  as h(action_id, minion_key, submission_id)
              join action_target t on t.action_id = h.action_id and t.minion_key = h.minion_key
                and t.submission_id = h.submission_id
              join submission s on s.id = t.submission_id and s.watched_at is not null
              where t.status = 'PickedUp' and t.stopped_by is null and t.reason is distinct from $1
              for update of t skip locked) h
        where t.action_id = h.action_id and t.minion_key = h.minion_key
        """;

    /// <summary>
    /// Salt's SIGTERM goes to the job and its children. The job's own process always ends by it, and
    /// <c>find_job</c> knows of no other: a child that ignores the signal goes on unseen. SIGKILL leaves none.
    /// </summary>
    internal const string EndStoppedSql = """
        update action_target t
        set status = 'Failed', settled_at = $1, guessed = true,
            reason = 'stopped by ' || t.stopped_by
                || case when k.killed then '' else ' with SIGTERM; a process that ignores it may still run' end
        from unnest((select $2::bigint[]), (select $3::bigint[]), (select $4::bigint[]))
            as h(action_id, minion_key, submission_id)
        cross join lateral (
            select bool_or(k.purpose = 'KillJob') as killed from ask k
            where k.action_id = h.action_id and k.minion_key = h.minion_key and k.about = h.submission_id
              and k.purpose in ('TermJob', 'KillJob') and k.answer = 'Signalled') k
        where t.action_id = h.action_id and t.minion_key = h.minion_key and t.submission_id = h.submission_id
          and t.status = 'PickedUp' and k.killed is not null
        returning t.action_id, t.minion_key, t.submission_id, t.waits
        """;

    /// <summary>The next question of this purpose about the same submission, in place of any before it.</summary>
    internal const string AskNextSql = """
        insert into ask (action_id, minion_key, purpose, about, due_at)
        select t.action_id, t.minion_key, $1, t.submission_id, $2
        from unnest((select $3::bigint[]), (select $4::bigint[]), (select $5::bigint[]))
            as h(action_id, minion_key, submission_id)
        join action_target t on t.action_id = h.action_id and t.minion_key = h.minion_key
          and t.submission_id = h.submission_id and t.status = 'PickedUp'
        order by t.action_id, t.minion_key
        on conflict (action_id, minion_key, purpose) do update
        set about = excluded.about, due_at = excluded.due_at, submission_id = null, answered_at = null,
            answer = case when ask.about = excluded.about and ask.answer = 'Signalled' then ask.answer end,
            missing_since = null, on_contact = false, tries = 0
        """;
}
