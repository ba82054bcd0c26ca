using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.SaltApi;

/// <summary>
/// The synchronous client: publishes and listens. When the time-out passes it goes on waiting as long as a minion that
/// has not answered still runs the job, then gives up on the rest.
/// </summary>
internal sealed class LocalClient(
    TimeProvider clock, Publisher publisher, ReturnWaiters waiters, Jids jids, Fleet fleet)
{
    public async Task<JsonObject> RunAsync(LowChunk low, CancellationToken cancellationToken)
    {
        string jid = low.Jid ?? jids.Next();
        low.Body["jid"] = jid;
        string[] names = [.. Targets.Resolve(fleet, low.Target, low.TargetType).Select(fleet.IdOf)];
        ReturnWaiters.Waiter waiter = waiters.Expect(jid, names);
        try
        {
            if (await publisher.PublishAsync(low, cancellationToken) is not { } published)
            {
                return [];
            }

            await WaitAsync(waiter, jid, low.Timeout, cancellationToken);
            return Collect(waiter, published);
        }
        finally
        {
            waiters.Forget(jid);
        }
    }

    private async Task WaitAsync(
        ReturnWaiters.Waiter waiter, string jid, TimeSpan patience, CancellationToken cancellationToken)
    {
        do
        {
            Task pause = Task.Delay(patience, clock, cancellationToken);
            if (await Task.WhenAny(waiter.Complete, pause) == waiter.Complete)
            {
                return;
            }

            await pause;
        }
        while (waiter.Look().Missing.Any(name => Runs(name, jid)));
    }

    private bool Runs(string name, string jid)
    {
        lock (fleet.Gate)
        {
            return fleet.TryFind(name, out int minion)
                && (fleet[minion].Running ?? []).Any(job => job.Publication.Jid == jid);
        }
    }

    private static JsonObject Collect(ReturnWaiters.Waiter waiter, Published published)
    {
        JsonObject answer = [];
        (List<(string Minion, string Value)> returned, List<string> missing) = waiter.Look();
        foreach ((string minion, string value) in returned)
        {
            answer[minion] = Json.Parse(value);
        }

        foreach (string name in missing.Concat(published.Missing))
        {
            answer[name] =
                "Minion did not return. [No response]\nThe minions may not have all finished running and any remaining "
                + "minions will return upon completion. To look up the return data for this job later, run the "
                + $"following command:\n\nsalt-run jobs.lookup_jid {published.Jid}";
        }

        return answer;
    }
}
