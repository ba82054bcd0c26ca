using System.Globalization;
using System.Text.Json.Nodes;
using Saltern.Simulator.Faults;
using Saltern.Simulator.JobCache;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// The event a minion sends when its process has connected: after a restart, and likewise when a master that was away
/// is back. Those that wait for a writer go through the agenda, as returns do.
/// </summary>
internal sealed class StartEvents(SimulatorParts parts, Fleet fleet, IJobCache cache)
{
    public void Send(int minion)
    {
        // A master that is down hears nothing; when it is back, every minion that is up sends the event anyway.
        if (parts.Faults.IsSet(FaultNames.MasterDown) || fleet[minion].Key != KeyStatus.Accepted)
        {
            return;
        }

        parts.Agenda.Add(parts.Clock.GetUtcNow(), new Event(this, minion));
    }

    /// <summary>The master is back: each minion that is up reconnects, over a few seconds.</summary>
    public void SendAll()
    {
        foreach (int minion in fleet.Where(minion => fleet[minion].Up && fleet[minion].Key == KeyStatus.Accepted))
        {
            double delay = Dice.Fraction(parts.Options.Seed, (ulong)minion, fleet[minion].Starts, 41) * 2;
            parts.Agenda.Add(parts.Clock.GetUtcNow().AddSeconds(delay), new Event(this, minion));
        }
    }

    private ValueTask StoreAsync(int minion, CancellationToken cancellationToken)
    {
        DateTimeOffset now = parts.Clock.GetUtcNow();
        string id = fleet.IdOf(minion);
        string tag = $"salt/minion/{id}/start";
        string started = now.UtcDateTime.ToString("ddd MMM dd HH:mm:ss yyyy", CultureInfo.InvariantCulture);
        string body = Json.Text(new JsonObject
        {
            ["id"] = id,
            ["cmd"] = "_minion_event",
            ["pretag"] = null,
            ["data"] = $"Minion {id} started at {started}",
            ["tag"] = tag,
            ["_stamp"] = Jids.Stamp(now),
        });
        parts.Events.Fire(tag, body);
        return cache.StoreEventAsync(tag, body, cancellationToken);
    }

    private sealed class Event(StartEvents owner, int minion) : IAgendaItem
    {
        public ValueTask RunAsync(CancellationToken cancellationToken) => owner.StoreAsync(minion, cancellationToken);
    }
}
