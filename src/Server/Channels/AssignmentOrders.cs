using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels;

/// <summary>What people say about which minions have which channels. Nothing is done on the minions.</summary>
internal sealed partial class AssignmentOrders(
    NpgsqlDataSource database, Transactions transactions, TimeProvider clock, ILogger<AssignmentOrders> logger)
{
    /// <summary>So many minions are written in one transaction, so that nobody waits long for them.</summary>
    private const int AtOnce = 2_000;

    /// <summary>Sets what is on record for a minion, or takes it away (null); nothing is done on the minion.</summary>
    public async Task<ChannelOutcome> AssignAsync(
        MinionKey minion, ChannelAssignment? assigned, string actor, CancellationToken cancellationToken)
    {
        if (assigned is not null && await CheckAsync(assigned, cancellationToken) is { } refused)
        {
            return refused;
        }

        var held = await transactions.RunAsync(
            async (connection, transaction) =>
            {
                await Assignments.SetAsync(
                    connection, [(minion, assigned)], actor, clock.GetUtcNow(), cancellationToken);
                // Behind the minion's lock: a migration that begins at this moment is seen, or sees this.
                var holds = await Statement.QueryAsync(
                    connection, HeldSql, [new[] { minion.Value }], row => row.GetString(1), cancellationToken);
                if (holds.Count == 0)
                {
                    await transaction.CommitAsync(cancellationToken);
                }

                return holds.Count == 0 ? null : holds[0];
            },
            cancellationToken);
        if (held is not null)
        {
            return new ChannelOutcome.Refused("base", $"Nothing was changed: {held}.");
        }

        LogAssigned(actor, minion, assigned?.BaseLabel, assigned?.ChildLabels.Count ?? 0);
        return new ChannelOutcome.Done();
    }

    /// <summary>
    /// Sets what is on record for all minions of a selection, or takes it away (null). Those whose channels are being
    /// changed at the moment are left as they are, and named. If it breaks off, some have it and some not: it may be
    /// said again.
    /// </summary>
    public async Task<FleetAssignment> AssignAsync(
        TargetSelection selection, ChannelAssignment? assigned, string actor, CancellationToken cancellationToken)
    {
        if (assigned is not null && await CheckAsync(assigned, cancellationToken) is { } refused)
        {
            return new FleetAssignment.Refused([(refused.Argument, refused.Message)]);
        }

        long[] minions;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            var selected = await TargetSelector.BuildAsync(selection, connection, cancellationToken);
            if (selected is not SelectedMinions.Query query)
            {
                return new FleetAssignment.Refused(((SelectedMinions.Refused)selected).Errors);
            }

            minions = [.. (await Statement.QueryAsync(
                connection, query.Sql, [.. query.Parameters], row => row.GetInt64(0), cancellationToken)).Order()];
        }

        List<(string Minion, string Why)> held = [];
        foreach (var some in minions.Chunk(AtOnce))
        {
            held.AddRange(await AssignSomeAsync(some, assigned, actor, cancellationToken));
        }

        LogAssignedMany(actor, assigned?.BaseLabel, assigned?.ChildLabels.Count ?? 0, minions.Length - held.Count);
        return new FleetAssignment.Done(minions.Length - held.Count, held);
    }

    /// <summary>Returns those that are held, and why.</summary>
    private Task<IReadOnlyList<(string Minion, string Why)>> AssignSomeAsync(
        long[] minions, ChannelAssignment? assigned, string actor, CancellationToken cancellationToken) =>
        transactions.RunAsync<IReadOnlyList<(string, string)>>(
            async (connection, transaction) =>
            {
                await Statement.ExecuteAsync(connection, Assignments.LockSql, [minions], cancellationToken);
                var held = await Statement.QueryAsync(
                    connection, HeldSql, [minions], row => (row.GetString(0), row.GetString(1), row.GetInt64(2)),
                    cancellationToken);
                await Assignments.SetAsync(
                    connection,
                    [.. minions.Except(held.Select(one => one.Item3)).Select(key => (new MinionKey(key), assigned))],
                    actor, clock.GetUtcNow(), cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return [.. held.Select(one => (one.Item1, one.Item2))];
            },
            cancellationToken);

    private async Task<ChannelOutcome.Refused?> CheckAsync(
        ChannelAssignment assigned, CancellationToken cancellationToken)
    {
        if (assigned.Labels.FirstOrDefault(label => !ChannelLabel.IsOne(label)) is { } odd)
        {
            return new("children", $"'{odd.Replace('\0', '?')}' is no label; {ChannelLabel.Allowed}");
        }

        if (assigned.Labels.CountBy(label => label).Where(label => label.Value > 1).ToList() is [var twice, ..])
        {
            return new("children", $"'{twice.Key}' is named twice.");
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var known = await Statement.QueryAsync(
            connection, KnownSql, [assigned.Labels.ToArray()],
            row => (Label: row.GetString(0), Parent: row.TextOrNull(1)), cancellationToken);
        var unknown = assigned.Labels.Except(known.Select(one => one.Label)).ToList();
        if (unknown.Count > 0)
        {
            return new(
                unknown[0] == assigned.BaseLabel ? "base" : "children",
                $"There is no channel {string.Join(", ", unknown.Take(TargetSelector.MostNamesListed))}.");
        }

        return known.First(one => one.Label == assigned.BaseLabel).Parent is { } parent
            ? new("base", $"'{assigned.BaseLabel}' is no base channel: it is a child of '{parent}'.")
            : null;
    }

    internal const string HeldSql = """
        select m.minion_id, h.reason, h.minion_key from minion_hold h join minion m on m.minion_key = h.minion_key
        where h.minion_key = any($1::bigint[])
        order by m.minion_id
        """;

    /// <summary>A clone has the parent of what it stands for.</summary>
    internal const string KnownSql = """
        select w.label, min(c.parent_label)
        from unnest($1::text[]) as w(label)
        left join channel_clone k on k.label = w.label
        join software_channel c on c.label = coalesce(k.original, w.label)
        group by w.label
        """;

    [LoggerMessage(LogLevel.Information, "{Actor} assigned {Base} and {Children} children to minion {Minion}")]
    private partial void LogAssigned(string actor, MinionKey minion, string? @base, int children);

    [LoggerMessage(LogLevel.Information, "{Actor} assigned {Base} and {Children} children to {Minions} minions")]
    private partial void LogAssignedMany(string actor, string? @base, int children, int minions);
}
