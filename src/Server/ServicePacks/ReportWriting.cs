using System.Text.Json;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.ServicePacks;

/// <summary>Writes down what runs came to, for reports over a fleet, without their returns.</summary>
internal static class ReportWriting
{
    public static async Task WriteAsync(
        NpgsqlConnection connection, IReadOnlyList<LookedAt> looked, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var told = looked.Where(change => change.Facts.Report is not null)
            .Select(change => Row(change.Id, change.Facts.Report!)).ToArray();
        if (told.Length > 0)
        {
            await Statement.ExecuteAsync(
                connection, ReportSql, [JsonSerializer.Serialize(told), now], cancellationToken);
        }
    }

    /// <summary>The columns of <see cref="ReportSql"/>.</summary>
    internal static object Row(long change, RunReport report) => new
    {
        change,
        outcome = report.Outcome.ToString(),
        failure = report.Failure,
        // Of another failure, problems are what came of it.
        cause = report is { Failure: "conflict", Problems: [var problem, ..] } ? problem : null,
        comment = report.Comment,
        problems = report.Problems,
        planned = report.Planned,
        removed = report.Removed,
        steps = report.Steps,
        reboot = report.RebootNeeded,
        test_case = report.TestCase,
    };

    /// <summary>
    /// A real run is compared with the latest dry run of the same order before it. Index channel_change_by_minion.
    /// </summary>
    internal const string ReportSql = """
        with told as materialized (
            select * from json_to_recordset($1::json) as x(
                change bigint, outcome text, failure text, cause text, comment text, problems text[], planned jsonb,
                removed text[], steps text[], reboot boolean, test_case text)),
        reported as (
            update channel_change c set reported = true from told t where c.id = t.change)
        insert into migration_run (change_id, action_id, minion_key, outcome, failure, cause, comment, problems,
                                   planned, removed, steps, reboot_needed, test_case, read_at, unplanned, left_out)
        select t.change, c.action_id, c.minion_key, t.outcome, t.failure, t.cause, t.comment, t.problems, t.planned,
               t.removed, t.steps, t.reboot, t.test_case, $2::timestamptz,
               case when d.steps is not null then
                   array(select unnest(t.steps) except select unnest(d.steps) order by 1 limit 1000) end,
               case when d.steps is not null then
                   array(select unnest(d.steps) except select unnest(t.steps) order by 1 limit 1000) end
        from told t
        join channel_change c on c.id = t.change
        left join lateral (
            select r.steps
            from channel_change p join migration_run r on r.change_id = p.id
            where not c.dry_run and p.minion_key = c.minion_key and p.id < c.id and p.dry_run
              and p.target = c.target and p.options = c.options
            order by p.id desc limit 1) d on true
        on conflict (change_id) do update
        set outcome = excluded.outcome, failure = excluded.failure, cause = excluded.cause, comment = excluded.comment,
            problems = excluded.problems, planned = excluded.planned, removed = excluded.removed,
            steps = excluded.steps, reboot_needed = excluded.reboot_needed, test_case = excluded.test_case,
            read_at = excluded.read_at, unplanned = excluded.unplanned, left_out = excluded.left_out
        """;
}
