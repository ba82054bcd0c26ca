using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Actions;

/// <summary>
/// Asks minions for the jobs of targets that are in time, where there is cause to believe that a job died with its
/// minion. What the answers mean is the same as for jobs that are overdue; but one that runs is let alone then, until
/// its deadline or until there is cause again.
/// </summary>
internal static class JobSearch
{
    /// <summary>
    /// A question that is on its way, or was answered since the minion last connected, is enough.
    /// </summary>
    public static Task<int> AskAsync(
        NpgsqlConnection connection, ActionId action, IReadOnlyCollection<long> minions, DateTimeOffset now,
        CancellationToken cancellationToken) => Statement.ExecuteAsync(
        connection, AskSql, [action.Value, minions.ToArray(), now], cancellationToken);

    /// <summary>A job may not have begun within its first minute. Index action_target_pkey.</summary>
    internal const string AskSql = """
        insert into ask (action_id, minion_key, purpose, about, due_at)
        select t.action_id, t.minion_key, 'FindJob', t.submission_id,
               greatest($3::timestamptz, s.created_at + interval '1 min')
        from action_target t
        join submission s on s.id = t.submission_id
        where t.action_id = $1 and t.minion_key = any($2::bigint[]) and t.status = 'PickedUp'
          and t.returned_at is null and t.stopped_by is null
        order by t.minion_key
        on conflict (action_id, minion_key, purpose) do update
        set about = excluded.about, due_at = excluded.due_at, submission_id = null, answered_at = null,
            answer = null, missing_since = null, on_contact = false, tries = 0
        where ask.about is distinct from excluded.about
           or ask.answer = 'Runs' and ask.answered_at < (
               select o.started_at from minion_contact o where o.minion_key = ask.minion_key)
        """;
}
