using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// What a person decides about a change of channels: where the minion does not say how its run ended, whether the new
/// channels stay; where something needed attention, that it was looked at. What the minion proves comes first.
/// </summary>
internal sealed class ChangeOrders(NpgsqlDataSource database, Bells bells, TimeProvider clock)
{
    public async Task<ChangeOrderOutcome> DecideAsync(
        long change, bool keep, string actor, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var found = await Statement.QueryAsync(
            connection, FindSql, [change],
            row => (Action: new ActionId(row.GetInt64(0)), State: Enum.Parse<ChangeState>(row.GetString(1)),
                Attention: !row.IsDBNull(2), Minion: row.GetString(3), Target: row.TextOrNull(4)),
            cancellationToken);
        if (found is not [var (action, state, attention, minion, target)])
        {
            return new ChangeOrderOutcome.NotFound();
        }

        if (state is ChangeState.Unknown)
        {
            if (target == "Queued")
            {
                return new ChangeOrderOutcome.Refused(
                    "Its run is queued again; cancel that first, or wait for how it ends.");
            }

            // Whatever comes of the attempt that is out, no other one follows it.
            await Statement.ExecuteAsync(connection, NoMoreSql, [change, actor], cancellationToken);
            await Statement.ExecuteAsync(
                connection, OrderSql, [change, keep ? "Keep" : "TakeBack", actor], cancellationToken);
        }
        else if (state is ChangeState.Reverting && !keep)
        {
            await Statement.ExecuteAsync(connection, OrderSql, [change, "Release", actor], cancellationToken);
        }
        else if (state is ChangeState.Kept && attention && keep)
        {
            await Statement.ExecuteAsync(
                connection, SeenSql, [change, $"looked at by {actor}: "], cancellationToken);
        }
        else
        {
            return new ChangeOrderOutcome.Refused(Why(state, attention));
        }

        await Orders.RecordAsync(
            connection, action, keep ? "channels kept" : "channels taken back", actor, clock.GetUtcNow(),
            DetailOf(change, minion), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        bells.Due.Ring();
        return new ChangeOrderOutcome.Accepted();
    }

    private static string DetailOf(long change, string minion) =>
        JsonSerializer.Serialize(new { change, minions = new[] { minion } });

    private static string Why(ChangeState state, bool attention) => state switch
    {
        ChangeState.Open =>
            "Its run is still under way; cancel or stop its action first, or wait until its deadline has passed.",
        ChangeState.Reverting => "Its channels are being taken back already; taking them back once more ends the "
            + "waiting for a minion that will not confirm it.",
        ChangeState.Reverted => "Its channels were taken back.",
        _ when attention => "Packages may have changed: the new channels can only be kept. To go back to what was "
            + "before, roll the system back and assign its channels.",
        _ => "Its channels were kept, and nothing about them needs attention.",
    };

    internal const string FindSql = """
        select c.action_id, c.state, c.attention, m.minion_id, t.status
        from channel_change c
        join minion m on m.minion_key = c.minion_key
        left join action_target t on t.action_id = c.action_id and t.minion_key = c.minion_key
        where c.id = $1 for update of c
        """;

    internal const string NoMoreSql = """
        update action_target t set stopped_by = coalesce(t.stopped_by, $2)
        from channel_change c
        where c.id = $1 and t.action_id = c.action_id and t.minion_key = c.minion_key and t.status = 'PickedUp'
        """;

    internal const string OrderSql = "update channel_change set ordered = $2, ordered_by = $3 where id = $1";

    internal const string SeenSql = """
        update channel_change set reason = $2 || attention, attention = null where id = $1
        """;
}
