using System.Text.Json.Nodes;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>Gives each minion the channels that are assigned to it when its turn has come.</summary>
internal sealed class ApplyPreparation(Catalogues catalogues) : CallPreparation
{
    public override string Kind => ChannelsApplyKind.KindName;

    public override async Task<IReadOnlyList<PreparedCall>> PrepareAsync(
        NpgsqlConnection connection, ActionId action, IReadOnlyList<long> minions, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var assigned = await Assignments.ReadAsync(connection, minions, cancellationToken);
        var catalogue = await catalogues.ReadAsync(connection, everyCheck: false, cancellationToken);
        return
        [
            .. minions.GroupBy(minion => Key(assigned.GetValueOrDefault(minion)?.Assigned)).Select(same =>
                Call([.. same], assigned.GetValueOrDefault(same.First())?.Assigned, catalogue)),
        ];
    }

    /// <summary>The assignment is on record already.</summary>
    public override Task RecordAsync(
        NpgsqlConnection connection, ActionId action, PreparedCall call, IReadOnlyList<long> claimed,
        DateTimeOffset now, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Key(ChannelAssignment? assigned) => string.Join('\n', assigned?.Labels ?? []);

    private static PreparedCall Call(
        IReadOnlyList<long> minions, ChannelAssignment? assigned, ProductCatalogue catalogue)
    {
        var (channels, unknown) = PreparedPillar.Channels(catalogue, assigned);
        return channels is null
            ? new PreparedCall(minions, null,
                $"channel {unknown} is assigned and no source lists it, so that its address is not known")
            : new PreparedCall(minions, PreparedPillar.Of(new JsonObject { ["channels"] = channels }, assigned));
    }
}
