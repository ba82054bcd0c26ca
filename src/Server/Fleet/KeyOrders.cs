using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Fleet;

/// <summary>
/// Accepts, rejects and deletes keys: the master does it, then the row follows. Each minion has an end of its own, and
/// one that fails keeps none of the others from theirs. A crash between the two is mended by the next reading of the
/// keys.
/// </summary>
internal sealed partial class KeyOrders(
    NpgsqlDataSource dataSource, SaltMasters salt, KeyReading reading, IOptions<FleetOptions> options,
    ILogger<KeyOrders> logger)
{
    internal const string FindSql = """
        select w.key, m.minion_id, s.name, m.key_status
        from unnest($1::bigint[]) with ordinality as w(key, place)
        left join minion m on m.minion_key = w.key
        left join master s on s.id = m.master_id
        order by w.place
        """;

    /// <summary>
    /// The fingerprint is forgotten with the decision that was made about it; the next reading brings it.
    /// </summary>
    internal const string WriteSql = """
        update minion
        set key_status = $2, fingerprint_conflict = false,
            key_fingerprint = case when $2 = 'deleted' or fingerprint_conflict then null else key_fingerprint end
        where minion_key = $1
        """;

    internal const string TrustSql = """
        update minion set key_fingerprint = null, fingerprint_conflict = false
        where minion_key = $1 and fingerprint_conflict and key_status = 'accepted'
        """;

    public Task<IReadOnlyList<KeyOrderEnd>> AcceptAsync(
        IReadOnlyCollection<MinionKey> minions, string actor, CancellationToken cancellationToken) =>
        RunAsync(
            minions, KeyStatus.Accepted, (api, id) => api.AcceptKeyAsync(id, cancellationToken), actor,
            cancellationToken);

    public Task<IReadOnlyList<KeyOrderEnd>> RejectAsync(
        IReadOnlyCollection<MinionKey> minions, string actor, CancellationToken cancellationToken) =>
        RunAsync(
            minions, KeyStatus.Rejected, (api, id) => api.RejectKeyAsync(id, cancellationToken), actor,
            cancellationToken);

    public Task<IReadOnlyList<KeyOrderEnd>> DeleteAsync(
        IReadOnlyCollection<MinionKey> minions, string actor, CancellationToken cancellationToken) =>
        RunAsync(
            minions, KeyStatus.Deleted, (api, id) => api.DeleteKeyAsync(id, cancellationToken), actor,
            cancellationToken);

    /// <summary>
    /// Takes the key that the master has now for the minion's own. False if no other key had been seen.
    /// </summary>
    public async Task<bool> TrustAsync(MinionKey minion, string actor, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (await Statement.ExecuteAsync(connection, TrustSql, [minion.Value], cancellationToken) == 0)
        {
            return false;
        }

        LogTrusted(actor, minion);
        reading.Bell.Ring();
        return true;
    }

    private async Task<IReadOnlyList<KeyOrderEnd>> RunAsync(
        IReadOnlyCollection<MinionKey> minions, KeyStatus status,
        Func<ISaltApi, MinionId, Task<SaltAnswer<MinionId>>> order, string actor, CancellationToken cancellationToken)
    {
        var ends = new List<KeyOrderEnd>();
        foreach (var found in await FindAsync(minions, cancellationToken))
        {
            var problem = ends.Count < options.Value.MostKeysAtOnce
                ? await OneAsync(found, status, order, cancellationToken)
                : $"Not done: at most {options.Value.MostKeysAtOnce} keys can be named in one order.";
            ends.Add(new KeyOrderEnd(found.Key, found.MinionId, problem));
        }

        LogOrdered(actor, status, ends.Count(end => end.Problem is null), ends.Count(end => end.Problem is not null));
        reading.Bell.Ring();
        return ends;
    }

    private async Task<string?> OneAsync(
        Found found, KeyStatus status, Func<ISaltApi, MinionId, Task<SaltAnswer<MinionId>>> order,
        CancellationToken cancellationToken)
    {
        if (found.MinionId is null || found.Status == KeyReports.Word(KeyStatus.Deleted))
        {
            return found.MinionId is null ? $"There is no minion {found.Key}." : "No master has a key of this minion.";
        }

        if (found.Status == KeyReports.Word(status))
        {
            return null;
        }

        if (found.Master is null || !salt.TryGet(found.Master, out var api))
        {
            return $"Its master {found.Master ?? "(none)"} is not in the settings.";
        }

        if (await order(api, MinionId.Parse(found.MinionId)) is SaltAnswer<MinionId>.Failed failed)
        {
            return $"Master {found.Master}: {failed.Reason}";
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, WriteSql, [found.Key.Value, KeyReports.Word(status)], cancellationToken);
        return null;
    }

    private async Task<List<Found>> FindAsync(
        IReadOnlyCollection<MinionKey> minions, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, FindSql, [minions.Select(minion => minion.Value).Distinct().ToArray()],
            row => new Found(new MinionKey(row.GetInt64(0)), row.TextOrNull(1), row.TextOrNull(2), row.TextOrNull(3)),
            cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "{Actor} ordered keys to be {Status}: {Done} done, {NotDone} not")]
    private partial void LogOrdered(string actor, KeyStatus status, int done, int notDone);

    [LoggerMessage(LogLevel.Information, "{Actor} trusts the other key of minion {Minion}")]
    private partial void LogTrusted(string actor, MinionKey minion);

    private sealed record Found(MinionKey Key, string? MinionId, string? Master, string? Status);
}
