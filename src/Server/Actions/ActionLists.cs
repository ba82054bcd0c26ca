using System.Globalization;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saltern.Contract;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Actions;

/// <summary>
/// Reads actions for those who look at them. Counts are the kept counters; nothing here touches a row per target.
/// Lists are newest first, by id: what is scheduled while someone turns pages neither shifts nor doubles a line.
/// </summary>
internal sealed class ActionLists(NpgsqlDataSource database)
{
    private const int MostOrders = 100;
    private const int MostSteps = 2_000;

    /// <summary>Bytes as they are stored.</summary>
    private const int MostShown = 32 * 1024;

    internal const string Columns = """
        a.id, a.kind, a.description, a.status, a.created_by, a.created_at, a.earliest_at, a.started_at, a.ended_at,
        a.cancelled_at, a.archived_at, c.total, c.queued, c.picked_up, c.completed, c.failed, c.cancelled, c.skipped,
        c.waiting
        """;

    internal const int ColumnCount = 19;

    /// <summary>A page of the list; <paramref name="after"/> is the <c>Next</c> of the page before.</summary>
    public async Task<Page<ActionSummary>> ListAsync(
        ActionFilter filter, long? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        object?[] values =
        [
            Sql(NpgsqlDbType.Bigint, after),
            Sql(NpgsqlDbType.Array | NpgsqlDbType.Text, filter.Statuses?.ToArray()),
            Sql(NpgsqlDbType.Text, filter.Kind),
            Sql(NpgsqlDbType.Text, filter.CreatedBy),
            Sql(NpgsqlDbType.Boolean, filter.Archived),
            Sql(NpgsqlDbType.TimestampTz, filter.From?.ToUniversalTime()),
            Sql(NpgsqlDbType.TimestampTz, filter.To?.ToUniversalTime()),
            limit + 1,
        ];
        var rows = await Statement.QueryAsync(connection, ListSql, values, ReadSummary, cancellationToken);
        var more = rows.Count > limit;
        return new Page<ActionSummary>(
            more ? rows[..limit] : rows, more ? rows[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>How these actions stand now; those that are gone are left out.</summary>
    public async Task<IReadOnlyList<ActionSummary>> ReadAsync(long[] ids, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(connection, ReadSql, [ids], ReadSummary, cancellationToken);
    }

    /// <summary>An action with all that was ordered; null if there is none.</summary>
    public Task<ActionDetail?> FindAsync(ActionId action, CancellationToken cancellationToken) =>
        FindAsync(FindSql, [action.Value], action, cancellationToken);

    /// <summary>
    /// The same for a page that is read again at every change: of arguments and names of minions that take much room,
    /// of which there may be megabytes, there is a sentence and the first names.
    /// </summary>
    public Task<ActionDetail?> FindBrieflyAsync(ActionId action, CancellationToken cancellationToken) =>
        FindAsync(FindBrieflySql, [action.Value, MostShown], action, cancellationToken);

    private async Task<ActionDetail?> FindAsync(
        string sql, object?[] values, ActionId action, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var orders = await Statement.QueryAsync(
            connection, OrdersSql, [action.Value, MostOrders, MostSteps],
            row => new OrderLine(
                row.GetString(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2),
                row.IsDBNull(3) ? null : JsonElement.Parse(row.GetString(3))),
            cancellationToken);
        var found = await Statement.QueryAsync(
            connection, sql, values, row => ReadDetail(row, orders), cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The name of an action's kind; null if there is no such action.</summary>
    public async Task<string?> FindKindAsync(ActionId action, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var kinds = await Statement.QueryAsync(
            connection, KindSql, [action.Value], row => row.GetString(0), cancellationToken);
        return kinds.Count == 0 ? null : kinds[0];
    }

    private static ActionSummary ReadSummary(NpgsqlDataReader row) => ReadSummary(row, 0);

    /// <summary>Reads <see cref="Columns"/>, which begin at this column.</summary>
    internal static ActionSummary ReadSummary(NpgsqlDataReader row, int first) => new()
    {
        Id = row.GetInt64(first),
        Kind = row.GetString(first + 1),
        Description = row.IsDBNull(first + 2) ? null : row.GetString(first + 2),
        Status = row.GetString(first + 3),
        CreatedBy = row.GetString(first + 4),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(first + 5),
        EarliestAt = row.GetFieldValue<DateTimeOffset>(first + 6),
        StartedAt = TimeOrNull(row, first + 7),
        EndedAt = TimeOrNull(row, first + 8),
        CancelledAt = TimeOrNull(row, first + 9),
        ArchivedAt = TimeOrNull(row, first + 10),
        Counts = new StatusCounts(
            row.GetInt32(first + 11), row.GetInt32(first + 12), row.GetInt32(first + 13), row.GetInt32(first + 14),
            row.GetInt32(first + 15), row.GetInt32(first + 16), row.GetInt32(first + 17))
        {
            Waiting = row.GetInt32(first + 18),
        },
    };

    private static ActionDetail ReadDetail(NpgsqlDataReader row, IReadOnlyList<OrderLine> orders) => new()
    {
        Summary = ReadSummary(row),
        Arguments = JsonElement.Parse(row.GetString(19)),
        Target = TargetOf(JsonSerializer.Deserialize<TargetSelection>(row.GetString(20))!),
        ResolveAtStart = row.GetBoolean(21),
        ResolvedAt = TimeOrNull(row, 22),
        ExpiresAt = row.GetFieldValue<DateTimeOffset>(23),
        BatchSize = row.IsDBNull(24) ? null : row.GetInt32(24),
        BatchPercent = row.IsDBNull(25) ? null : row.GetInt32(25),
        DeadlineSeconds = row.GetInt32(26),
        Orders = orders,
    };

    private static TargetRequest TargetOf(TargetSelection selection) => new()
    {
        Minions = selection.Minions,
        Group = selection.Group,
        Glob = selection.Glob,
        Grain = selection.Grain,
        Compound = selection.Compound,
        KeyDomain = selection.KeyDomain,
    };

    private static NpgsqlParameter Sql(NpgsqlDbType type, object? value) =>
        new() { NpgsqlDbType = type, Value = value ?? DBNull.Value };

    private static DateTimeOffset? TimeOrNull(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    internal const string ListSql = $"""
        select {Columns}
        from saltern.action a join saltern.action_counts c on c.action_id = a.id
        where ($1::bigint is null or a.id < $1) and ($2::text[] is null or a.status = any($2))
          and ($3::text is null or a.kind = $3) and ($4::text is null or a.created_by = $4)
          and ($5::boolean is null or (a.archived_at is not null) = $5)
          and ($6::timestamptz is null or a.created_at >= $6) and ($7::timestamptz is null or a.created_at < $7)
        order by a.id desc limit $8
        """;

    internal const string ReadSql = $"""
        select {Columns}
        from saltern.action a join saltern.action_counts c on c.action_id = a.id
        where a.id = any($1::bigint[])
        """;

    internal const string FindSql = $"""
        select {Columns}, a.arguments::text, a.target::text, a.resolve_at_start, a.resolved_at, a.expires_at,
               a.batch_size, a.batch_percent, a.deadline_seconds
        from saltern.action a join saltern.action_counts c on c.action_id = a.id
        where a.id = $1
        """;

    internal const string FindBrieflySql = $$"""
        select {{Columns}},
               case when pg_column_size(a.arguments) <= $2 then a.arguments::text
                    else '{"not shown": "the arguments are too long for a page; the REST interface has them"}' end,
               case when pg_column_size(a.target) > $2 and json_typeof(a.target -> 'Minions') = 'array'
                    then json_build_object('Minions', (select json_agg(n) from (
                        select n from json_array_elements_text(a.target -> 'Minions') as n limit 3) as first_names),
                        'KeyDomain', a.target -> 'KeyDomain')::text
                    else a.target::text end,
               a.resolve_at_start, a.resolved_at, a.expires_at, a.batch_size, a.batch_percent, a.deadline_seconds
        from saltern.action a join saltern.action_counts c on c.action_id = a.id
        where a.id = $1
        """;

    /// <summary>
    /// What the server itself did about many minions in many steps (their detail says how many <c>changes</c>) is one
    /// line for ten minutes, and leaves room for the orders of people. Of the server's the newest are read. Index
    /// order_log_by_action.
    /// </summary>
    internal const string OrdersSql = """
        with newest as materialized (
            select id, verb, actor, at, detail from saltern.order_log
            where action_id = $1 order by id desc limit $3),
        lines as materialized (
            select id, verb, actor, at, detail, detail ->> 'changes' as changes from newest
            union all
            (select id, verb, actor, at, detail, null::text from saltern.order_log
             where action_id = $1 and id < (select min(id) from newest) and actor <> 'saltern'
             order by id desc limit $2)),
        steps as (
            select max(id) as id, verb, actor, max(at) as at, count(*) as times, sum(changes::bigint) as changes,
                   (array_agg(detail order by id desc))[1] as latest
            from lines where changes is not null
            group by verb, actor, floor(extract(epoch from at) / 600),
                     case when detail -> 'actions' is not null then id end
            order by 1 desc limit $2)
        select verb, actor, at, detail from (
            (select id, verb, actor, at, detail::text from lines where changes is null order by id desc limit $2)
            union all
            select id, verb, actor, at,
                   case when times = 1 then latest
                        else json_build_object('changes', changes, 'times', times, 'minions', latest -> 'minions')
                   end::text
            from steps) l(id, verb, actor, at, detail)
        order by id desc
        """;

    internal const string KindSql = "select kind from saltern.action where id = $1";
}
