using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Actions;

/// <summary>
/// Takes an order: one transaction writes the action with all its targets and rings the bell. The row is the schedule;
/// once the caller has the id, nothing but a user's order or its end takes the action away.
/// </summary>
internal sealed class Scheduling(
    Transactions transactions,
    ActionKinds kinds,
    Bells bells,
    IOptions<ActionsOptions> options,
    TimeProvider clock)
{
    /// <summary>Stores the order, or says everything that is wrong with it. The actor is on record with it.</summary>
    public async Task<ScheduleOutcome> ScheduleAsync(
        ActionOrder order, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var checks = new OrderChecks(kinds, options.Value);
        var errors = checks.Check(order, now);
        if (errors.Count > 0)
        {
            return new ScheduleOutcome.Refused(errors);
        }

        var outcome = await transactions.RunAsync(
            async (connection, transaction) =>
            {
                var taken = await WriteAsync(connection, order, checks, actor, now, cancellationToken);
                if (taken is ScheduleOutcome.Scheduled)
                {
                    await transaction.CommitAsync(cancellationToken);
                }

                return taken;
            },
            cancellationToken);
        bells.Due.Ring();
        return outcome;
    }

    /// <summary>
    /// Writes an order of our own for these minions within the caller's transaction: what follows from something else
    /// stands with it, or not at all. Nobody checks it; the selection of the order is for people.
    /// </summary>
    public async Task<ActionId> WriteOwnAsync(
        NpgsqlConnection connection, ActionOrder order, IReadOnlyCollection<long> minions, string actor,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var action = await InsertActionAsync(connection, order, actor, now, cancellationToken);
        await Statement.ExecuteAsync(connection, InsertOwnSql, [action.Value, minions.ToArray()], cancellationToken);
        await Orders.RecordAsync(connection, action, "schedule", actor, now, null, cancellationToken);
        await Statement.ExecuteAsync(connection, InsertCountsSql, [action.Value, minions.Count], cancellationToken);
        return action;
    }

    private async Task<ScheduleOutcome> WriteAsync(
        NpgsqlConnection connection, ActionOrder order, OrderChecks checks, string actor, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var selected = await TargetSelector.BuildAsync(
            order.Target, connection, FirstSelectionParameter, cancellationToken);
        if (selected is SelectedMinions.Refused refused)
        {
            return new ScheduleOutcome.Refused(
                [.. refused.Errors.Select(error => new ArgumentError(error.Argument, error.Message))]);
        }

        var action = await InsertActionAsync(connection, order, actor, now, cancellationToken);
        var targets = 0;
        if (!order.ResolveAtStart)
        {
            targets = await InsertTargetsAsync(
                connection, action, (SelectedMinions.Query)selected, transactions.FleetTimeout, cancellationToken);
            if (checks.CheckTargets(targets) is { } error)
            {
                return new ScheduleOutcome.Refused([error]);
            }
        }

        await Orders.RecordAsync(connection, action, "schedule", actor, now, null, cancellationToken);
        await Statement.ExecuteAsync(connection, InsertCountsSql, [action.Value, targets], cancellationToken);
        return new ScheduleOutcome.Scheduled(action, targets);
    }

    /// <summary>
    /// Writes the targets of an action as its selection finds them now; a selection's parameters follow the action's
    /// id. Returns how many there are.
    /// </summary>
    public static async Task<int> InsertTargetsAsync(
        NpgsqlConnection connection, ActionId action, SelectedMinions.Query selected, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(connection, InsertTargetsSql(selected.Sql), action.Value);
        command.CommandTimeout = (int)timeout.TotalSeconds;
        command.Parameters.AddRange(selected.Parameters.ToArray());
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A selection's own parameters start here; the action's id is before them.</summary>
    public const int FirstSelectionParameter = 2;

    private async Task<ActionId> InsertActionAsync(
        NpgsqlConnection connection, ActionOrder order, string actor, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var kind = kinds.Get(order.Kind);
        var earliest = order.EarliestAt is { } at && at > now ? at : now;
        var safe = kind.SafeToRepeat(order.Arguments);
        var giveUpAfter = order.GiveUpAfterSeconds is { } seconds
            ? TimeSpan.FromSeconds(seconds)
            : options.Value.GiveUpAfter;
        // What is not safe to repeat waits in the queue for a minion that is away.
        var expiresAfter = safe || giveUpAfter < options.Value.ExpiresAfter ? options.Value.ExpiresAfter : giveUpAfter;
        await using var command = Statement.Of(
            connection,
            InsertActionSql,
            kind.Name,
            order.Arguments.GetRawText(),
            order.Description,
            JsonSerializer.Serialize(order.Target),
            order.ResolveAtStart,
            actor,
            now,
            earliest.ToUniversalTime(),
            (order.ExpiresAt ?? earliest + expiresAfter).ToUniversalTime(),
            order.BatchSize,
            order.BatchPercent,
            order.DeadlineSeconds ?? (int)Math.Ceiling(kind.Deadline(order.Arguments).TotalSeconds),
            kind.Exclusive,
            safe,
            kind.ReadsBody.ToString().ToLowerInvariant(),
            kind.AskCall is not null,
            (int)giveUpAfter.TotalSeconds,
            order.MaxAttempts ?? (safe ? options.Value.MaxAttempts : 1));
        return new ActionId((long)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    internal const string InsertActionSql = """
        insert into action (kind, arguments, description, target, resolve_at_start, created_by, created_at, earliest_at,
                            expires_at, batch_size, batch_percent, deadline_seconds, exclusive, safe_to_repeat,
                            reads_body, asks_first, give_up_after_seconds, max_attempts, resolved_at)
        values ($1, $2::json, $3, $4::json, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                case when $5 then null else $7::timestamptz end)
        returning id
        """;

    private static string InsertTargetsSql(string selection) => $"""
        insert into action_target (action_id, minion_key, exclusive, earliest_at)
        select a.id, s.minion_key, a.exclusive, a.earliest_at from action a cross join ({selection}) s where a.id = $1
        """;

    internal const string InsertOwnSql = """
        insert into action_target (action_id, minion_key, exclusive, earliest_at)
        select a.id, s.minion_key, a.exclusive, a.earliest_at
        from action a cross join unnest($2::bigint[]) as s(minion_key) where a.id = $1
        """;

    internal const string InsertCountsSql = """
        with counted as (insert into action_counts (action_id, total, queued) values ($1, $2, $2) returning action_id)
        select pg_notify('saltern_due', ''), pg_notify('saltern_changes', '{"action":' || action_id || '}') from counted
        """;
}
