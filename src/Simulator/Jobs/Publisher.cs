using System.Text.Json.Nodes;
using Saltern.Simulator.Faults;
using Saltern.Simulator.JobCache;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// The master publishes a job: load saved, event <c>new</c> stored, then every minion with an accepted key that is up
/// gets it, once and never later. A target that means nobody publishes nothing.
/// </summary>
internal sealed class Publisher(SimulatorParts parts, Jids jids, IJobCache cache, MinionProcess minions)
{
    private long published;

    public long Published => Interlocked.Read(ref published);

    /// <summary>Null if the target means no minion with an accepted key.</summary>
    public async Task<Published?> PublishAsync(LowChunk low, CancellationToken cancellationToken)
    {
        Fleet fleet = minions.Fleet;
        List<int> targets = Targets.Resolve(fleet, low.Target, low.TargetType);
        if (targets.Count == 0)
        {
            return null;
        }

        string jid = low.Jid ?? jids.Next();
        Publication publication = new(jid, jids.NumberOf(jid), low);
        string[] names = [.. targets.Select(fleet.IdOf)];
        string[] missing = low.TargetType == "list" ? [.. Targets.NamesOf(low.Target).Except(names)] : [];
        await AnnounceAsync(publication, names, missing, cancellationToken);
        if (parts.Faults.StrikeRequest(FaultNames.SlowPublish, low.Function, () => names) is { } slow)
        {
            await Task.Delay(slow.Length, parts.Clock, cancellationToken);
        }

        Interlocked.Increment(ref published);
        foreach (int minion in targets)
        {
            minions.Receive(publication, minion);
        }

        return new Published(jid, names, missing);
    }

    private async Task AnnounceAsync(
        Publication publication, string[] names, string[] missing, CancellationToken cancellationToken)
    {
        LowChunk low = publication.Low;
        JsonObject body = new()
        {
            ["jid"] = publication.Jid,
            ["tgt_type"] = low.TargetType,
            ["tgt"] = low.Target?.DeepClone(),
            ["user"] = low.User,
            ["fun"] = low.Function,
            ["arg"] = low.PublishedArguments(),
            ["minions"] = Json.Array(names),
            ["missing"] = Json.Array(missing),
            ["_stamp"] = Jids.Stamp(parts.Clock.GetUtcNow()),
        };
        string text = Json.Text(body);
        string tag = $"salt/job/{publication.Jid}/new";
        if (parts.Events.HasListeners)
        {
            JsonObject heard = new() { ["minions"] = Json.Array(names), ["_stamp"] = body["_stamp"]!.DeepClone() };
            parts.Events.Fire(publication.Jid, Json.Text(heard));
            parts.Events.Fire(tag, text);
        }

        await cache.StoreEventAsync(tag, text, cancellationToken);
        await cache.SaveLoadAsync(publication.Jid, Json.Text(low.Load(publication)), names, cancellationToken);
    }
}
